"""Question answering in the way of scikit-learn's estimators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasbert.estimators.base import TextEstimator
from kerasbert.evaluation.exact_match import answer_figures
from kerasbert.heads.answering.head import Answering, questions_of
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.inputs import rows_of
from kerasbert.text.questions import Answer, QuestionDocument, question_document
from kerasbert.text.squad import write_questions


class QuestionAnswerer(TextEstimator):
    """Finds the stretch of a context that answers a question.

        answerer = QuestionAnswerer(pretrained="all-MiniLM-L6-v2").fit(questions, contexts, answers)
        answerer.predict(["Who wrote the notes?"], ["Ada wrote notes in London."])

    With N questions, `questions` and `contexts` are lists of N strings. `answers` has for each what
    is right: a string that stands in the context once, a tuple (string, first character), a list of
    such, or None where the context does not answer it.

    Args:
        pretrained: the run of `kerasbert pretrain`, or the folder of a public model, to start from.
        out: a new folder for the run; a temporary one unless given.
        minutes: for everything; where there is a corpus, half of them are for pre-training.
        valid_share: of the questions, set aside to choose the epoch by, unless `fit` is given
            others. Those on one context stay on one side.
        verbose: say what is done, on standard error. Warnings are said in any case.
        **settings: any other setting of fine-tuning, under the name of its flag with its default:
            `epochs`, `max_length`, `overlap`, `answer_length`, ... See `FineTuneSettings`.

    Attributes:
        run_: the folder of the run: every command works on it.
        metrics_: its figures; those on what was set aside are in `metrics_["valid"]`.
    """

    def fit(
        self,
        questions: Sequence[str],
        contexts: Sequence[str],
        answers: Sequence[Any],
        corpus: Any = None,
        valid: Any = None,
    ) -> QuestionAnswerer:
        """Learn from questions with their contexts and answers.

        Args:
            questions: N of them.
            contexts: of each.
            answers: of each what is right.
            corpus: raw text to pre-train on first, see `TextClassifier.fit`.
            valid: (questions, contexts, answers) to choose the epoch by.

        Raises:
            ValueError: data or parameters that do not fit, saying which one.
            TypeError: a question or context is no text.
        """
        documents = _documents(questions, contexts, answers, "answers")
        beside = None
        if valid is not None:
            more, held, right = valid
            beside = _documents(more, held, right, "valid answers")
        run = self._learn(documents, beside, corpus, head=Answering.name)
        self._note(run)
        self._run = run
        return self

    def _write(self, path: Path, documents: Sequence[LabeledDocument]) -> dict[str, Any]:
        write_questions(path, questions_of(documents))
        return {"text_field": ("question", "context"), "label_field": ("answers",)}

    @classmethod
    def load(cls, folder: str | Path) -> QuestionAnswerer:
        """The estimator of a run: of `save`, of `out`, or one that `kerasbert finetune` made.

        Raises:
            InputError: it is not the folder of a finished run that answers questions.
        """
        return cls._made_of(folder, Answering, "predicts answers to questions")[0]

    def answer(self, questions: Sequence[str], contexts: Sequence[str]) -> list[dict[str, Any]]:
        """Of each question "answer", its "start" and "end" in the context, "probability" and
        "runner_up"; see `kerasbert predict`.
        """
        predictor = self._fitted().predictor
        rows = _pairs(questions, contexts)
        return predictor(rows) if rows else []

    def predict(self, questions: Sequence[str], contexts: Sequence[str]) -> list[str]:
        """The answer to each question; an empty string where the context holds none."""
        return [one["answer"] or "" for one in self.answer(questions, contexts)]

    def score(
        self, questions: Sequence[str], contexts: Sequence[str], answers: Sequence[Any]
    ) -> float:
        """The mean F1 of the answers, in 0 to 1, as SQuAD's script counts it."""
        documents = _documents(questions, contexts, answers, "answers")
        head = self._fitted().predictor.head
        assert isinstance(head, Answering)
        given = self.predict(questions, contexts)
        _, f1 = answer_figures(given, [one.gold for one in documents], head.counted_by)
        return sum(f1) / len(f1)

    def _facts(self) -> Mapping[str, Any]:
        if not self.__sklearn_is_fitted__():
            return {"fitted": "no"}
        valid = self.metrics_["valid"]
        shown = f"exact match {valid['exact_match']:.3f}, F1 {valid['f1']:.3f}"
        return {"validation": shown, "run_": self.run_}


def _pairs(questions: Sequence[str], contexts: Sequence[str]) -> list[tuple[str, ...]]:
    asked = [row[0] for row in rows_of(questions, "questions")]
    held = [row[0] for row in rows_of(contexts, "contexts")]
    if len(asked) != len(held):
        raise ValueError(
            f"questions and contexts: expected as many of each. Received: {len(asked):,} and"
            f" {len(held):,}"
        )
    return list(zip(asked, held, strict=True))


def _documents(
    questions: Sequence[str], contexts: Sequence[str], answers: Sequence[Any], name: str
) -> list[QuestionDocument]:
    """Questions as documents, counted from 1 as rows of a file are."""
    pairs = _pairs(questions, contexts)
    if not pairs or len(answers) != len(pairs):
        raise ValueError(
            f"{name}: expected one or more, as many as there are questions. Received:"
            f" {len(answers):,} for {len(pairs):,}"
        )
    documents = []
    for number, ((question, context), right) in enumerate(zip(pairs, answers, strict=True)):
        try:
            found = [] if right is None else right if isinstance(right, list) else [right]
            placed = [_placed(one, context) for one in found]
            given = [{"text": one.text, "answer_start": one.start} for one in placed]
            record = {"question": question, "context": context, "answers": given}
            documents.append(question_document(record, number + 1))
        except ValueError as error:
            raise ValueError(f"{name}[{number}]: {error}.") from None
    return documents


def _placed(answer: Any, context: str) -> Answer:
    if isinstance(answer, tuple) and len(answer) == 2:
        return Answer(*answer)
    if not isinstance(answer, str):
        raise ValueError(
            "expected a string, (string, first character), a list of such, or None. Received:"
            f" {answer!r}"
        )
    first = context.find(answer)
    if first < 0:
        raise ValueError(f"{answer!r} does not stand in its context")
    if answer and context.find(answer, first + 1) >= 0:
        raise ValueError(
            f"{answer!r} stands in its context more than once. Say where: (string, first character)"
        )
    return Answer(answer, first)
