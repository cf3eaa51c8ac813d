"""What is predicted: all that differs between classification and whatever else, in one object.

`fine_tune`, its callbacks, the batches, the predictor and the report ask the head, and never what
kind of head it is. A head of one's own is a subclass of `Head`; see the guide "Your own encoder,
objective or head".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from kerasbert.errors import InputError
from kerasbert.files import to_json
from kerasbert.heads.documents import HeadDocuments
from kerasbert.heads.figures import HeadFigures
from kerasbert.heads.public_layer import PublicLayer
from kerasbert.heads.teaching import Teaching
from kerasbert.heads.tokens import TokenPlaces
from kerasbert.ranges import flag
from kerasbert.text.documents import LabeledDocument


@dataclass
class Assessed:
    """What the best model of a run is worth.

    Attributes:
        figures: for metrics.json: those of "valid" and "test" by name, and what was fitted.
        rows: tables for the report and for files of the run, by name.
    """

    figures: dict[str, Any]
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


class Head(HeadDocuments, HeadFigures, Teaching):
    """What a fine-tuning model predicts. With N documents, B of them in a batch:

    Attributes:
        name: in config.json, and of the model.
        figures: what `score` gives beside the loss; the columns `val_NAME` of history.csv.
        best: the figure by which the best epoch is told.
        mode: "max" where a higher one is better, "min" where a lower one is.
        labeled: whether a file must have labels.
        numbers: whether these are numbers.
        named: whether these are names of classes, which many documents have in common.
        figure_names: how people call a figure, where that is not its name.
        ships_svms: whether `finetune` saves more than the network alone: what `compare` judges
            beside it.
        options: of `predict` that `answers` takes, such as "top_k".
        pipeline_tag: the task, as Hugging Face names it, for the model card.
        by_token: whether its answers are about tokens. A document is then one row or several, see
            `kerasbert.heads.tokens`: `gold` has an object for each document, what `score`, `fit`
            and `answers` get as outputs are `TokenOutputs`, and what is learned of each row is said
            by `row_targets` and `token_targets`.

    A subclass has `name`, `figures`, `best`, and the methods up to `answers`; the others have a
    default that does nothing, or what suits most heads. What it reads is in `HeadDocuments`, what
    is told of its figures in `HeadFigures`, what it learns of a teacher in `Teaching`.
    """

    ships_svms: ClassVar[bool] = False
    options: ClassVar[tuple[str, ...]] = ()
    pipeline_tag: ClassVar[str | None] = None
    by_token: ClassVar[bool] = False

    # What every head says.

    def encode(self, documents: Sequence[LabeledDocument]) -> np.ndarray:
        """What is right for each document: the gold, (N, ...)."""
        raise NotImplementedError

    def output(self, pooled, sequence, inputs: Mapping[str, Any], dropout: float, seed: int):
        """The output tensor of the model.

        Args:
            pooled: (B, P) states of whole texts.
            sequence: (B, L, D) states of tokens.
            inputs: the model's own: token_ids and segment_ids (B, L).
            dropout: share of the states that are left out in training.
            seed: of initial weights and dropout.
        """
        raise NotImplementedError

    def loss(self, gold: np.ndarray):
        """A `keras.losses.Loss` between `targets` and the output; `gold` is of the training data.

        Raises:
            InputError: these data cannot have the loss that was asked for.
        """
        raise NotImplementedError

    def score(self, outputs: Any, data: Any, decision: Any = None) -> dict[str, Any]:
        """The loss, each of `figures`, and `documents`, N.

        Args:
            outputs: (N, ...) of the model, as `read` gives them.
            data: `LabeledBatches`, with `gold` and `unseen`.
            decision: what `fit` found.
        """
        raise NotImplementedError

    def answers(self, outputs: Any, decision: Any = None, **options: Any) -> list[dict[str, Any]]:
        """An answer for each document, as JSON values. `options` are those of `predict`."""
        raise NotImplementedError

    # What else is said of answers.

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Refuse what `answers` does not take.

        Args:
            options: of `predict`, those that were given.

        Raises:
            InputError: naming the flag.
        """
        for name in options:
            if name not in self.options:
                known = ", ".join(map(flag, self.options)) or "none"
                raise InputError(
                    f"{flag(name)}: the run's head, {self.name}, does not take it. It takes:"
                    f" {known}."
                )

    def empty_answer(self, **options: Any) -> dict[str, Any]:
        """The answer to a text that is empty: nothing, rather than a guess."""
        return {}

    def cells(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """An answer as cells of a table, by column: what is no string or number is JSON."""
        return {
            name: to_json(value) if isinstance(value, dict | list | tuple) else value
            for name, value in answer.items()
        }

    def has_target(self, gold: np.ndarray) -> np.ndarray:
        """(N,) bool: which documents can be learned from."""
        return np.ones(len(gold), bool)

    def targets(self, gold: np.ndarray) -> np.ndarray:
        """What the loss takes, of the gold of a batch."""
        return gold

    def row_targets(self, gold: np.ndarray, places: TokenPlaces) -> list[Any]:
        """Of a head `by_token`: what is right for each row; None for one to learn nothing from."""
        raise NotImplementedError

    def token_targets(self, found: Sequence[Any], length: int) -> np.ndarray:
        """Of a head `by_token`: what the loss takes, of the `row_targets` of a batch.

        Args:
            found: B of them.
            length: L, to which the rows are padded.
        """
        raise NotImplementedError

    def row_notes(self, gold: np.ndarray, places: TokenPlaces) -> list[str]:
        """Of a head `by_token`: what is to be said of the rows of a part."""
        return []

    def notes(self, documents: Sequence[LabeledDocument], gold: np.ndarray) -> list[str]:
        """What is to be said of the documents of a part."""
        return []

    def warnings(self, documents: Mapping[str, Sequence[LabeledDocument]]) -> list[str]:
        """What is to be said of all parts together."""
        return []

    # The model before its first step.

    def fitted_to(self, vocabulary_size: int, lead: int, pairs: bool) -> tuple[Head, str | None]:
        """The head for a network, and what is to be said of that.

        Args:
            vocabulary_size: of the tokenizer.
            lead: the positions that the pooling reads by themselves, too.
            pairs: whether a document is a pair of texts.
        """
        return self, None

    def suited_to(self, data: Mapping[str, Any], seed: int) -> tuple[Head, str | None]:
        """The head for the encoded "train" and "valid", and what is to be said of that."""
        return self, None

    def begin(self, model, data: Mapping[str, Any], seed: int) -> list[str]:
        """Give the untrained model what can be known before; returns what is to be said of it."""
        return []

    def begin_pretrained(self, model, data: Mapping[str, Any]) -> list[str]:
        """Likewise once the model has its pre-trained weights: what their states tell already."""
        return []

    # After each epoch.

    def unsettle(self, model) -> None:
        """Undo `settle`, before the model answers validation data."""

    def settle(self, model, outputs: Any, data: Any) -> Any:
        """Set in the model what validation data tells, and return its outputs as they then are."""
        return outputs

    def after_training(self, model) -> tuple[dict[str, Any], list[str]]:
        """What `settle` set in a model, for metrics.json, and what is to be said of it."""
        return {}, []

    # From outputs to answers.

    def read(self, outputs: Any, model=None, given: bool | None = None) -> Any:
        """Outputs as `score`, `fit` and `answers` take them.

        Args:
            outputs: of `model.predict_on_batch`, (N, ...).
            model: that made them.
            given: whether they are logits, where the user said it.
        """
        return outputs

    def rules(self, data: Any) -> tuple[str, ...]:
        """The ways to decide between which validation data will choose when training has ended.

        Until then the best model by each is kept. Most heads have one, and it needs no name.
        """
        return ("",)

    def choose_rule(self, data: Any, score: Callable[[str], float]) -> tuple[str, str]:
        """One of several `rules`, and why; `score` trains nothing, but loads a model."""
        return self.rules(data)[0], ""

    def unfitted(self) -> Any:
        """How outputs become answers where there is nothing to fit it on."""
        return None

    def decide(self, outputs: Any, data: Any, rule: str | None = None) -> Any:
        """How an epoch's outputs become answers; nothing is fitted but what `rule` leaves open."""
        return None

    def fit(self, outputs: Any, data: Any, rule: str | None = None, why: str = "") -> Any:
        """How outputs become answers: fitted on validation data, saved with the run."""
        return self.decide(outputs, data, rule)

    def restore(self, metrics: Mapping[str, Any]) -> Any:
        """The decision that `assess` wrote into metrics.json.

        Raises:
            InputError: it cannot be read.
        """
        return None

    def evidence(
        self, outputs: Any, decision: Any, answer: Mapping[str, Any]
    ) -> dict[str, np.ndarray]:
        """How much speaks for each part of an answer, in `predict --explain`.

        Args:
            outputs: (N, ...), of a text and of the same without each of its words.
            decision: what `fit` found.
            answer: that to the whole text.

        Returns:
            by name of what is explained, (N,) float.
        """
        return {}

    def runner_up(
        self, outputs: Any, decision: Any, answer: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """What came next to an answer, as `evidence` takes it and as it is shown; None for nothing.

        Args:
            outputs: (1, ...), of the text.
            decision: what `fit` found.
            answer: to the text.
        """
        return None

    def check_output(self, shape: Sequence[int | None]) -> None:
        """That a model is one of this head.

        Args:
            shape: of its output, (None, ...).

        Raises:
            InputError: it is not.
        """

    def public_layer(self) -> PublicLayer | None:
        """What a class of transformers takes of it; None where none computes what it does.

        Raises:
            InputError: none does, and there is a way around.
        """
        return None

    @classmethod
    def doubts(
        cls,
        documents: Sequence[LabeledDocument],
        progress: Callable[[int], None] = lambda done: None,
    ) -> dict[str, Any]:
        """Which labels are likely wrong: `audit --labels`.

        Args:
            documents: of all files, as `read_file` gives them.
            progress: called with how many steps were done since it was called last.

        Returns:
            "rows", the most doubtful first: "document" (its place among them), "labels",
            "suggested", and "score", from 0 where they contradict all others; "of" how many
            documents; "judged" of "labels"; "agreement", how good the judge itself is (F1).

        Raises:
            InputError: nothing of that kind is known of this head.
        """
        raise InputError(
            f"--labels: of {cls.name} nothing is known that finds wrong ones. Leave it out."
        )

    # The run folder and the report.

    def to_json(self) -> dict[str, Any]:
        """What config.json holds of the head, beside its name; the keys are the head's own."""
        return {}

    def settled(self) -> dict[str, Any]:
        """Values of settings of the command that were left open, by their names."""
        return {}

    def save(self, folder: Path) -> None:
        """Further files of the run."""

    @classmethod
    def load(cls, folder: Path, about: Mapping[str, Any]) -> Head:
        """The head of a run, from its files and its config.json."""
        raise NotImplementedError

    def assess(
        self,
        outputs: Mapping[str, Any],
        data: Mapping[str, Any],
        documents: Sequence[LabeledDocument],
        rule: str | None = None,
        why: str = "",
    ) -> Assessed:
        """Judge the best model; nothing is fitted on anything but "valid".

        Args:
            outputs: of "valid" and, where there is one, "test".
            data: the `LabeledBatches`, "train" among them.
            documents: of "valid".
            rule: by which the run was judged, and `why`.
            why: the reason.
        """
        decision = self.fit(outputs["valid"], data["valid"], rule, why)
        return Assessed(
            {name: self.score(found, data[name], decision) for name, found in outputs.items()}
        )

    def evaluate(self, outputs: Any, data: Any, metrics: Mapping[str, Any]) -> dict[str, Any]:
        """The figures of `kerasbert evaluate`: of other documents, as "data".

        Args:
            outputs: of the run's model.
            data: the documents.
            metrics: the run's metrics.json.
        """
        return {"data": self.score(outputs, data, self.restore(metrics))}

    def browse(
        self,
        outputs: Any,
        data: Any,
        documents: Sequence[LabeledDocument],
        metrics: Mapping[str, Any],
    ) -> dict[str, list[dict[str, Any]]]:
        """Tables for the report of `kerasbert evaluate`, which `sections` gets as its rows.

        Args:
            outputs: of the run's model.
            data: the documents, as batches.
            documents: the same.
            metrics: the run's metrics.json.
        """
        return {}

    def write_rows(self, folder: Path, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Files of the run from the tables of `Assessed`."""
