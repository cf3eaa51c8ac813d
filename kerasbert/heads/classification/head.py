"""The head of classification: labels that exclude each other, or each a decision of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from kerasbert.choices import KindName, LabelLoss, RuleName, Thresholds
from kerasbert.errors import InputError
from kerasbert.heads.classification.analysis import label_rows, write_label_rows
from kerasbert.heads.classification.answering import LabelAnswers
from kerasbert.heads.classification.assessment import assess, evaluate_labels, score_labels
from kerasbert.heads.classification.browse import browse
from kerasbert.heads.classification.decision import Decision, decision_at_half, fit_decision
from kerasbert.heads.classification.figures import LabelFigures
from kerasbert.heads.classification.guessing import guesses
from kerasbert.heads.classification.kinds import check_kind, check_targets, keep_all_fitting
from kerasbert.heads.classification.linear_choice import LinearChoice, choose_linear
from kerasbert.heads.classification.rule import choose_rule, open_rules
from kerasbert.heads.classification.teaching import LabelTeaching
from kerasbert.heads.classification.words import label_sentences, share_text, unseen_note
from kerasbert.heads.head import Assessed, Head
from kerasbert.heads.pair_vectors import Embed
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.kinds import LabelTally, deciding_note
from kerasbert.text.labels import LabelSet
from kerasbert.text.lines import LineProblems
from kerasbert.text.quick_audit import look_alikes_note


@dataclass(frozen=True)
class Classification(LabelFigures, LabelAnswers, LabelTeaching):
    """Micro and macro F1 of labels, as `kerasbert finetune` predicts them unless told otherwise.

    Its outputs are logits (N, K) of K labels, its gold is multi-hot (N, K).

    Attributes:
        labels: those that it knows.
        kind: "multi-label", "multi-class" or "binary".
        loss_name: one of `LOSSES`, see `build_loss`.
        smoothing: of the labels, for "cross-entropy".
        thresholds: see `fit_decision`, as for `rule` and `top_k`.
        rule: what a document gets that no label reaches.
        top_k: for the rule "top-k".
        linear_svm: answer with a mean of the network and linear SVMs on the tokens of single
            texts; None for as long as they stay small.
        token_scores: the size of the vocabulary that these read, settled by `fitted_to`.
        lead: the positions that they read once more by themselves.
        linear: what else they read, and their cost, settled by `suited_to`.

    Raises:
        ValueError: an unknown kind, or a number of labels that it does not have.
    """

    name = "classification"
    named = True
    labeled = True
    ships_svms = True
    pipeline_tag = "text-classification"

    labels: LabelSet
    kind: KindName = "multi-label"
    loss_name: LabelLoss = "cross-entropy"
    smoothing: float = 0.0
    thresholds: Thresholds = "label"
    rule: RuleName | None = None
    top_k: int | None = None
    linear_svm: bool | None = None
    token_scores: int | None = None
    lead: int = 0
    linear: LinearChoice | None = None

    def __post_init__(self) -> None:
        check_targets(self.kind, len(self.labels))

    # Documents.

    @classmethod
    def from_settings(
        cls,
        settings: Any,
        documents: Mapping[str, Sequence[LabeledDocument]],
        paths: Mapping[str, Path],
        problems: LineProblems,
    ) -> tuple[Classification, dict[str, list[LabeledDocument]], list[str]]:
        same = ("thresholds", "rule", "top_k", "linear_svm")
        options = {name: getattr(settings, name) for name in same}
        options |= {"loss_name": settings.loss or cls.loss_name}
        options |= {"smoothing": settings.label_smoothing}
        return cls.from_documents(documents, paths, problems, settings.kind, **options)

    @classmethod
    def from_documents(
        cls,
        documents: Mapping[str, Sequence[LabeledDocument]],
        paths: Mapping[str, Path],
        problems: LineProblems,
        kind: KindName | None = None,
        **options: Any,
    ) -> tuple[Classification, dict[str, list[LabeledDocument]], list[str]]:
        """The head that these documents are for.

        Args:
            documents: of "train", "valid" and, where there is one, "test".
            paths: their files, for messages.
            problems: where lines are reported that do not fit the kind.
            kind: recognised from the labels of "train" unless given.
            **options: the attributes above.

        Returns:
            the head, the documents that can be used, and what is to be said.

        Raises:
            InputError: a file does not fit the kind, or has none of the labels of training.
        """
        tally = LabelTally(documents["train"])
        found = kind or tally.kind
        kept = keep_all_fitting(documents, found, paths, problems)
        note = deciding_note(tally, paths["train"]) if kind is None else None
        check_kind(kept["train"], found, paths["train"])
        labels = LabelSet.from_documents(kept["train"])
        for name, part in kept.items():
            labels.check_known(part, paths[name])
        return cls(labels, found, **options), kept, [note] if note else []  # type: ignore[arg-type]

    def prepare(
        self,
        documents: Mapping[str, Sequence[LabeledDocument]],
        paths: Mapping[str, Path],
        problems: LineProblems,
    ) -> dict[str, list[LabeledDocument]]:
        kept = keep_all_fitting(documents, self.kind, paths, problems)
        for name, part in kept.items():
            self.labels.check_known(part, paths[name])
        return kept

    def encode(self, documents: Sequence[LabeledDocument]) -> np.ndarray:
        """(N, K) float32, multi-hot; labels that are not known are left out.

        Raises:
            ValueError: a document whose labels do not fit the kind, or no known label in any.
        """
        check_targets(self.kind, len(self.labels), documents, self.labels.names)
        return self.labels.encode(documents)

    def unseen(self, documents: Sequence[LabeledDocument]) -> Mapping[str, int]:
        return self.labels.unseen(documents)

    def has_target(self, gold: np.ndarray) -> np.ndarray:
        if self.kind == "multi-label":
            return np.ones(len(gold), bool)
        return np.asarray((gold > 0).any(axis=1))

    def targets(self, gold: np.ndarray) -> np.ndarray:
        """(B, K) float32 multi-hot for "multi-label", else (B,) int32 class indices."""
        return gold if self.kind == "multi-label" else gold.argmax(axis=1).astype(np.int32)

    def about(self, pairs: bool = False) -> str:
        return f"{self.kind}{', pairs of texts' if pairs else ''}, {len(self.labels):,} labels"

    def notes(self, documents: Sequence[LabeledDocument], gold: np.ndarray) -> list[str]:
        notes = []
        if empty := int((~(gold > 0).any(axis=1)).sum()):
            notes.append(f"{empty:,} without a label of the training set")
        if unseen := self.labels.unseen(documents):
            notes.append(unseen_note(unseen))
        return notes

    def warnings(self, documents: Mapping[str, Sequence[LabeledDocument]]) -> list[str]:
        note = look_alikes_note(documents)
        return [note] if note is not None else []

    # The model.

    def fitted_to(self, vocabulary_size: int, lead: int, pairs: bool) -> tuple[Head, str | None]:
        from kerasbert.heads.classification.linear_svm import too_many_weights

        if self.linear_svm is False or pairs:  # whether two texts belong together is in no token
            return self, None
        why = too_many_weights(vocabulary_size, lead, len(self.labels))
        if self.linear_svm is None and why:
            return self, why
        return replace(self, token_scores=vocabulary_size, lead=lead), None

    def suited_to(self, data: Mapping[str, Any], seed: int) -> tuple[Head, str | None]:
        """What the linear SVMs read, and their cost."""
        if self.token_scores is None:
            return self, None
        parts = data["train"], data["valid"]
        found = choose_linear(*parts, self.token_scores, self.lead, seed, self.rule)
        return replace(self, linear=found), f"linear SVMs: {found}"

    def output(self, pooled, sequence, inputs: Mapping[str, Any], dropout: float, seed: int):
        """(B, K) float32 logits."""
        from kerasbert.heads.classification.logits import label_logits

        return label_logits(
            pooled, inputs["token_ids"], len(self.labels), dropout, seed, self.token_scores,
            self.lead, self.linear.bigrams if self.linear is not None else 0,
        )  # fmt: skip

    def loss(self, gold: np.ndarray):
        from kerasbert.heads.classification.losses import build_loss

        try:
            return build_loss(self.loss_name, self.kind, gold, self.smoothing)
        except ValueError as error:
            raise InputError(f"--loss: {error}") from None

    def begin(self, model, data: Mapping[str, Any], seed: int) -> list[str]:
        """Fit the linear SVMs, and begin with the frequencies of the labels."""
        from kerasbert.heads.classification.linear_svm import COST, fit_token_scores
        from kerasbert.heads.classification.logits import begin_at_label_shares

        notes = []
        if self.token_scores is not None:
            began = time.perf_counter()
            layer = model.get_layer("token_scores")
            cost = self.linear.cost if self.linear is not None else COST
            fit_token_scores(layer, data["train"], data["valid"], seed, self.rule, cost)
            notes.append(f"linear SVMs: fitted in {time.perf_counter() - began:.0f} s")
        begin_at_label_shares(model, data["train"].gold, self.kind)
        return notes

    def unsettle(self, model) -> None:
        """The network answers alone."""
        if self.token_scores is not None:
            model.get_layer("token_scores").share.assign(0.0)

    def settle(self, model, outputs: np.ndarray, data: Any) -> np.ndarray:
        """How much the linear SVMs count."""
        from kerasbert.heads.classification.linear_share import settle_share

        return outputs if self.token_scores is None else settle_share(self, model, outputs, data)

    def after_training(self, model) -> tuple[dict[str, Any], list[str]]:
        if self.linear is None:
            return {}, []
        share = float(model.get_layer("token_scores").share)
        found = {"linear": {**self.linear.to_json(), "share": share}}
        return found, [f"linear SVMs: {share_text(share)}"]

    # From logits to labels.

    def read(self, outputs: np.ndarray, model=None, given: bool | None = None) -> np.ndarray:
        """(N, K) logits, whether the model gives these or probabilities."""
        from kerasbert.heads.classification.outputs import gives_logits, to_logits

        if given is None and model is not None:
            given = gives_logits(model)
        return to_logits(outputs, self.kind, given)

    def rules(self, data: Any) -> tuple[str, ...]:
        return open_rules(self.kind, data.gold, self.rule)

    def choose_rule(self, data: Any, score: Callable[[str], float]) -> tuple[str, str]:
        if self.kind != "multi-label":
            return self.rules(data)[0], ""
        return choose_rule(data.gold, score, self.rule)

    def _rule(self, rule: str | None) -> RuleName | None:
        """The one that was asked for, if it is not settled yet."""
        return cast(RuleName | None, rule or self.rule)

    def unfitted(self) -> Decision:
        """A probability of one half, or the most probable label."""
        return Decision(self.kind)

    def decide(self, outputs: np.ndarray, data: Any, rule: str | None = None) -> Decision:
        """Threshold 0.5."""
        return decision_at_half(
            outputs, data.gold, self.kind, unseen=data.unseen, rule=self._rule(rule),
            top_k=self.top_k,
        )  # fmt: skip

    def fit(
        self, outputs: np.ndarray, data: Any, rule: str | None = None, why: str = ""
    ) -> Decision:
        """Temperature, thresholds and rule."""
        found = fit_decision(
            outputs, data.gold, self.kind, unseen=data.unseen, thresholds=self.thresholds,
            rule=self._rule(rule), top_k=self.top_k,
        )  # fmt: skip
        return replace(found, why=why) if why else found

    def restore(self, metrics: Mapping[str, Any]) -> Decision:
        found = Decision.of_metrics(metrics, self.kind)
        limits = found.threshold
        if isinstance(limits, tuple) and len(limits) != len(self.labels):
            raise InputError(
                f"metrics.json has {len(limits)} thresholds for {len(self.labels)} labels. Both "
                "must come from one run."
            )
        return found

    def at_half(self, metrics: Mapping[str, Any]) -> Decision:
        """That of a run for threshold 0.5."""
        half = metrics.get("at_half", {})
        if "decision" in half:
            return Decision.of_metrics(half, self.kind)
        return self.restore(metrics).at_half()

    def score(
        self, outputs: np.ndarray, data: Any, decision: Decision | None = None
    ) -> dict[str, Any]:
        decision = decision or self.decide(outputs, data)
        return score_labels(outputs, data.gold, data.unseen, decision)

    def check_output(self, shape: Sequence[int | None]) -> None:
        if shape[-1] != len(self.labels):
            raise InputError(
                f"there are {len(self.labels)} labels, the model has {shape[-1]} outputs. Both must"
                " come from one training."
            )

    # The run folder and the report.

    def to_json(self) -> dict[str, Any]:
        linear = {} if self.linear is None else {"linear": self.linear.to_json()}
        return {"kind": self.kind, **linear}

    def settled(self) -> dict[str, Any]:
        return {"kind": self.kind, "loss": self.loss_name}

    def save(self, folder: Path) -> None:
        self.labels.save(folder / "labels.txt")

    @classmethod
    def load(cls, folder: Path, about: Mapping[str, Any]) -> Classification:
        """That of a run: its labels.txt, and the kind in its config.json."""
        return cls(LabelSet.load(folder / "labels.txt"), about["kind"])

    def assess(
        self,
        outputs: Mapping[str, np.ndarray],
        data: Mapping[str, Any],
        documents: Sequence[LabeledDocument],
        rule: str | None = None,
        why: str = "",
    ) -> Assessed:
        """By the fitted decision, and at threshold 0.5; calibration, and where it goes wrong."""
        valid = outputs["valid"], data["valid"], rule
        decision, half = self.fit(*valid, why), self.decide(*valid)
        if why:
            half = replace(half, why=why)
        found = assess(outputs, data, documents, self.labels.names, decision, half)
        more: dict[str, Any] = {"thresholds": self.thresholds, "kind": self.kind}
        more |= {"labels": len(self.labels), "knowing_nothing": guesses(data, outputs, self.kind)}
        return Assessed(found.figures | more, found.rows)

    def evaluate(
        self, outputs: np.ndarray, data: Any, metrics: Mapping[str, Any]
    ) -> dict[str, Any]:
        return evaluate_labels(outputs, data, self.restore(metrics), self.at_half(metrics))

    def browse(
        self,
        outputs: np.ndarray,
        data: Any,
        documents: Sequence[LabeledDocument],
        metrics: Mapping[str, Any],
    ) -> dict[str, list[dict[str, Any]]]:
        decision, names = self.restore(metrics), self.labels.names
        chosen = {"data": (decision.choose(decision.probabilities(outputs)), data.gold)}
        return {
            "labels": label_rows(names, None, decision, chosen),
            **browse(outputs, data.gold, decision, documents, names),
        }

    def write_rows(self, folder: Path, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        write_label_rows(folder / "labels.tsv", rows["labels"])

    def predicts(self, metrics: Mapping[str, Any]) -> list[str]:
        beside = self.token_scores is not None
        return label_sentences(self.kind, self.labels.names, metrics, beside)

    def rivals(
        self, documents: Mapping[str, Sequence[LabeledDocument]], quick: bool = False
    ) -> list[dict[str, Any]]:
        """TF-IDF + LinearSVC, where scikit-learn is installed."""
        from kerasbert.heads.classification.rival import rival_of_labels

        return [rival_of_labels(self.labels, self.kind, documents, self.rule, self.top_k, quick)]

    def vector_rivals(
        self, documents: Mapping[str, Sequence[LabeledDocument]], name: str, embed: Embed
    ) -> list[dict[str, Any]]:
        from kerasbert.heads.classification.rival import vector_rival_of_labels

        about = self.labels, self.kind, documents, name, embed
        return [vector_rival_of_labels(*about, self.rule, self.top_k)]
