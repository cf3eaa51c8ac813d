"""The head of question answering: the stretch of a context that answers a question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np

from kerasbert.choices import AnswerUnit
from kerasbert.errors import InputError
from kerasbert.evaluation.exact_match import answer_figures, answer_unit, mean_figures
from kerasbert.heads.answering.answers import answer_record
from kerasbert.heads.answering.decision import Threshold, all_found, fit_threshold, given_answers
from kerasbert.heads.answering.report import answer_sections
from kerasbert.heads.answering.rows import question_rows
from kerasbert.heads.answering.scores import mean_span_loss
from kerasbert.heads.answering.targets import RowTarget, count_targets, row_targets, token_targets
from kerasbert.heads.answering.words import threshold_sentence
from kerasbert.heads.head import Assessed, Head
from kerasbert.heads.public_layer import PublicLayer
from kerasbert.heads.tokens import TokenOutputs, TokenPlaces, object_array
from kerasbert.report.figures import Sections
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.fields import Fields
from kerasbert.text.inputs import InputText, read_texts
from kerasbert.text.lines import LineProblems
from kerasbert.text.questions import QuestionDocument
from kerasbert.text.squad import (
    SQUAD,
    holds_questions,
    iterate_questions,
    read_questions,
    write_questions,
)

SHARE = 0.99  # of the training answers that the longest answer shall hold


@dataclass(frozen=True)
class Answering(Head):
    """Exact match and F1 of answers; `kerasbert finetune --head answering`.

    With N questions in R rows, windows of their contexts: its outputs are a logit of each position
    as the first and as the last one of the answer, (B, L, 2); its gold is (N,) `QuestionDocument`s.

    Attributes:
        counted_by: what exact match and F1 are counted by, "words" or "characters".
        unanswerable: whether a question may have no answer, as in SQuAD 2.0.
        answer_length: tokens of the longest answer; None until the training data tell it.
    """

    name = "answering"
    figures = ("exact_match", "f1")
    best = "f1"
    labeled = True
    by_token = True
    pipeline_tag = "question-answering"
    figure_names: ClassVar = {"exact_match": "exact match", "f1": "F1"}

    counted_by: AnswerUnit = "words"
    unanswerable: bool = False
    answer_length: int | None = None

    # Documents.

    @classmethod
    def from_documents(
        cls, documents: Sequence[QuestionDocument], answer_length: int | None = None
    ) -> Answering:
        """The head for these training documents.

        Raises:
            InputError: they are no questions, or none has an answer that stands in its context.
        """
        questions = questions_of(documents)
        if not any(one.start is not None for question in questions for one in question.answers):
            raise InputError(
                f"train: none of {len(questions):,} questions has an answer that stands in its"
                " context, so there is nothing to learn. Expected answers with their places."
            )
        return cls(
            answer_unit(dict.fromkeys(one.context for one in questions)),
            not all(one.answers for one in questions),
            answer_length,
        )

    @classmethod
    def from_settings(
        cls,
        settings: Any,
        documents: Mapping[str, Sequence[LabeledDocument]],
        paths: Mapping[str, Path],
        problems: LineProblems,
    ) -> tuple[Answering, dict[str, list[LabeledDocument]], list[str]]:
        train = cast(Sequence[QuestionDocument], documents["train"])
        head = cls.from_documents(train, settings.answer_length)
        return head, {name: list(part) for name, part in documents.items()}, []

    @classmethod
    def read_file(
        cls,
        path: str | Path,
        problems: LineProblems,
        limit: int | None = None,
        fields: Fields | None = None,
        say: Callable[[str], None] | None = None,
    ) -> list[LabeledDocument]:
        return cast(list[LabeledDocument], read_questions(path, problems, limit, fields, say))

    @classmethod
    def audited(
        cls, path: str | Path, problems: LineProblems, fields: Fields | None = None
    ) -> Iterator[LabeledDocument]:
        return iter(iterate_questions(path, problems, fields))

    @classmethod
    def claims(cls, path: str | Path) -> bool:
        """Whether a file is SQuAD's JSON, or has fields of questions, contexts and answers."""
        return holds_questions(path)

    def read_inputs(
        self,
        path: Path,
        pairs: bool,
        fields: Fields | None = None,
        say: Callable[[str], None] | None = None,
    ) -> Iterator[InputText]:
        """Also of SQuAD's JSON; the ids come along. White space stays, since places count it."""
        return read_texts(path, pairs, fields, say, whole=True, own=SQUAD)

    @staticmethod
    def strata(document: LabeledDocument) -> tuple[str, ...]:
        return ()  # nearly every answer is one of its own

    def write_documents(self, path: Path, documents: Sequence[LabeledDocument]) -> None:
        """As JSON Lines that `read_questions` reads."""
        write_questions(path, questions_of(documents))

    def encode(self, documents: Sequence[LabeledDocument]) -> np.ndarray:
        """(N,) the questions themselves."""
        return object_array(questions_of(documents))

    def about(self, pairs: bool = True) -> str:
        none = ", which some questions have not" if self.unanswerable else ""
        return (
            f"answering, a stretch of a context that answers a question{none}; exact match and F1"
            f" by {self.counted_by}, the best epoch is the one with the highest F1"
        )

    def notes(self, documents: Sequence[LabeledDocument], gold: np.ndarray) -> list[str]:
        questions = questions_of(documents)
        notes = [f"{len(dict.fromkeys(one.context for one in questions)):,} contexts"]
        without = sum(not one.answers for one in questions)
        if without:
            notes.append(f"{without:,} questions without an answer")
        return notes

    def row_notes(self, gold: np.ndarray, places: TokenPlaces) -> list[str]:
        """The windows of a part, and which answers are lost or cannot be cut out."""
        return count_targets(gold.tolist(), places).notes()

    def row_targets(self, gold: np.ndarray, places: TokenPlaces) -> list[RowTarget | None]:
        return row_targets(gold.tolist(), places)

    def token_targets(self, found: Sequence[Any], length: int) -> np.ndarray:
        return token_targets(found, length)

    # The model.

    def suited_to(self, data: Mapping[str, Any], seed: int) -> tuple[Answering, str | None]:
        """With an answer length that the training data tell, unless it is given."""
        if self.answer_length is not None:
            return self, None
        train = data["train"]
        tokens = count_targets(train.gold.tolist(), train.texts.places).tokens
        if not len(tokens):
            raise InputError(
                "train: no window holds an answer whole, so there is nothing to learn. Take longer"
                " rows: --max-length N."
            )
        length = int(np.quantile(tokens, SHARE, method="higher"))
        return replace(self, answer_length=length), (
            f"answers have at most {length} tokens, as {SHARE:.0%} of those of train have"
            " (--answer-length)"
        )

    def output(self, pooled, sequence, inputs: Mapping[str, Any], dropout: float, seed: int):
        """(B, L, 2) float32 logits."""
        import keras

        from kerasbert.layers import Dropout
        from kerasbert.layers.dense import dtype_of_logits

        states = Dropout(dropout, seed=seed + 1, name="answer_dropout")(sequence)
        begin = keras.initializers.TruncatedNormal(stddev=0.02, seed=seed + 2)
        logits = keras.layers.Dense(
            2, kernel_initializer=begin, dtype=dtype_of_logits(), name="answer_ends"
        )(states)
        # A view without Keras' own mask, which is of positions where the loss has a value a row.
        return keras.ops.squeeze(keras.ops.expand_dims(logits, 0), 0)

    def loss(self, gold: np.ndarray):
        from kerasbert.heads.answering.losses import SpanLoss

        return SpanLoss()

    def check_output(self, shape: Sequence[int | None]) -> None:
        if len(shape) != 3 or shape[-1] != 2:
            raise InputError(
                f"expected a model with an output (B, L, 2), found {tuple(shape)}: it is none of"
                " question answering."
            )

    # From outputs to answers.

    @property
    def _most(self) -> int:
        if self.answer_length is None:
            raise ValueError("answer_length: expected a number. Received: None")
        return self.answer_length

    def unfitted(self) -> Threshold:
        return Threshold(0.0 if self.unanswerable else None)

    def decide(self, outputs: Any, data: Any, rule: str | None = None) -> Threshold:
        return self.unfitted()

    def fit(self, outputs: Any, data: Any, rule: str | None = None, why: str = "") -> Threshold:
        """When no answer is given: with the highest F1; always one where all questions have one."""
        if not self.unanswerable:
            return self.unfitted()
        found, questions = all_found(outputs, self._most), data.gold.tolist()
        contexts, gold = _contexts(outputs), [one.gold for one in questions]
        return fit_threshold(found, contexts, gold, self.counted_by)

    def restore(self, metrics: Mapping[str, Any]) -> Threshold:
        return Threshold.of_metrics(metrics)

    def score(
        self, outputs: TokenOutputs, data: Any, decision: Threshold | None = None
    ) -> dict[str, Any]:
        questions = data.gold.tolist()
        found = all_found(outputs, self._most)
        given = given_answers(found, _contexts(outputs), decision or self.unfitted())
        matches, f1 = answer_figures(given, [one.gold for one in questions], self.counted_by)
        targets = self.row_targets(data.gold, outputs.places)
        answered = [bool(one.answers) for one in questions]
        figures = {"loss": mean_span_loss(outputs.rows, targets)} | mean_figures(matches, f1)
        if not all(answered):
            for name, wanted in (("answerable", True), ("unanswerable", False)):
                those = [place for place, one in enumerate(answered) if one == wanted]
                if those:
                    figures[name] = mean_figures(
                        [matches[p] for p in those], [f1[p] for p in those]
                    )
        return figures

    def answers(
        self, outputs: TokenOutputs, decision: Threshold | None = None, **options: Any
    ) -> list[dict[str, Any]]:
        """Of each question; see `answer_record`."""
        threshold = decision or self.unfitted()
        return [
            answer_record(found, context, threshold, self.unanswerable)
            for found, context in zip(
                all_found(outputs, self._most), _contexts(outputs), strict=True
            )
        ]

    def empty_answer(self, **options: Any) -> dict[str, Any]:
        why = "the question or its context is empty"
        nothing = dict.fromkeys(("answer", "start", "end", "probability"))
        return nothing | {"answer_reason": why, "runner_up": None}

    def public_layer(self) -> PublicLayer:
        return PublicLayer(
            "answering",
            "answer_ends",
            "qa_outputs",
            {},
            "How logits become an answer: its longest length, and when there is none, are in"
            " kerasbert.json.",
        )

    # The run folder and the report.

    def to_json(self) -> dict[str, Any]:
        return {
            "counted_by": self.counted_by,
            "unanswerable": self.unanswerable,
            "answer_length": self.answer_length,
        }

    def settled(self) -> dict[str, Any]:
        return {"answer_length": self.answer_length}

    @classmethod
    def load(cls, folder: Path, about: Mapping[str, Any]) -> Answering:
        """That of a run, from its config.json."""
        return cls(about["counted_by"], about["unanswerable"], about["answer_length"])

    def assess(
        self,
        outputs: Mapping[str, Any],
        data: Mapping[str, Any],
        documents: Sequence[LabeledDocument],
        rule: str | None = None,
        why: str = "",
    ) -> Assessed:
        threshold = self.fit(outputs["valid"], data["valid"])
        figures = {name: self.score(part, data[name], threshold) for name, part in outputs.items()}
        return Assessed(
            figures | {"no_answer": threshold.to_json(), "counted_by": self.counted_by},
            self._rows(outputs["valid"], documents, threshold),
        )

    def evaluate(self, outputs: Any, data: Any, metrics: Mapping[str, Any]) -> dict[str, Any]:
        threshold = self.restore(metrics)
        return {
            "head": self.name,
            "data": self.score(outputs, data, threshold),
            "no_answer": threshold.to_json(),
            "counted_by": self.counted_by,
        }

    def browse(
        self,
        outputs: Any,
        data: Any,
        documents: Sequence[LabeledDocument],
        metrics: Mapping[str, Any],
    ) -> dict[str, list[dict[str, Any]]]:
        return self._rows(outputs, documents, self.restore(metrics))

    def _rows(
        self, outputs: TokenOutputs, documents: Sequence[LabeledDocument], threshold: Threshold
    ) -> dict[str, list[dict[str, Any]]]:
        found = all_found(outputs, self._most)
        questions = questions_of(documents)
        return question_rows(found, questions, threshold, self.counted_by, self.unanswerable)

    @classmethod
    def title(cls, metrics: Mapping[str, Any]) -> str:
        return f"answers, by {metrics.get('counted_by', 'words')}"

    @classmethod
    def sentences(cls, metrics: Mapping[str, Any]) -> str:
        return threshold_sentence(metrics)

    def sections(
        self,
        history: Sequence[Mapping[str, Any]],
        metrics: Mapping[str, Any],
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> Sections:
        return answer_sections(self.figure_names, history, metrics, rows)

    def rivals(
        self, documents: Mapping[str, Sequence[LabeledDocument]], quick: bool = False
    ) -> list[dict[str, Any]]:
        """The sentence of the context that is most like the question."""
        from kerasbert.heads.answering.rivals import sentence_rival

        parts = {name: questions_of(part) for name, part in documents.items()}
        return sentence_rival(parts, self.counted_by)


def questions_of(documents: Sequence[LabeledDocument]) -> list[QuestionDocument]:
    """The documents, which must be questions.

    Raises:
        InputError: one is none.
    """
    for document in documents:
        if not isinstance(document, QuestionDocument):
            raise InputError(
                f"line {document.line}: this is no question with a context and its answers, as"
                " --head answering expects them. Read the file with read_questions."
            )
    return cast(list[QuestionDocument], list(documents))


def _contexts(outputs: TokenOutputs) -> list[str]:
    return [texts[-1] for texts in outputs.places.texts]
