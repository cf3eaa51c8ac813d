"""A tagger of texts in the way of scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasbert.choices import WordsName
from kerasbert.estimators.base import TextEstimator
from kerasbert.evaluation.entities import entity_figures
from kerasbert.heads.tagging.head import Tagging
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.tag_schemes import spans_of
from kerasbert.text.tagged import tagged_document, write_tagged
from kerasbert.text.words import SplitText


class TextTagger(TextEstimator):
    """A tagger of texts: spans of them with types, such as names of people and places.

        tagger = TextTagger(epochs=5).fit(["Anna met Bob"], [[(0, 4, "person"), (9, 12, "person")]])
        tagger.predict(["Bob met Eve"])

    `X` is a list of N texts, each a string or a list of its words. `y` has for a string its spans,
    (start, end, type) by characters, and for a list of words their tags in BIO. `predict`
    answers in the same form.

    Args:
        pretrained: the run of `kerasbert pretrain`, or the folder of a public model, to start from.
        out: a new folder for the run; a temporary one unless given.
        minutes: for everything; where there is a corpus, half of them are for pre-training.
        valid_share: of the documents, set aside to choose the epoch by, unless `fit` is given
            others.
        verbose: say what is done, on standard error. Warnings are said in any case.
        **settings: any other setting of fine-tuning, under the name of its flag: `crf`, `words`,
            `epochs`, `max_length`, ...

    Attributes:
        types_: the types of spans, sorted.
        run_: the folder of the run: every command works on it.
        metrics_: its figures.
    """

    types_: tuple[str, ...]

    def fit(self, X: Any, y: Any, corpus: Any = None, valid: Any = None) -> TextTagger:
        """Learn from texts and their spans or tags.

        Args:
            X: N texts.
            y: spans or tags of each.
            corpus: raw text to pre-train on first, see `TextClassifier.fit`.
            valid: (texts, spans or tags) to choose the epoch by.

        Raises:
            ValueError: texts, spans or parameters that do not fit, saying which one.
        """
        words = getattr(self, "words", None)
        documents = _documents(X, y, "X", words)
        beside = None
        if valid is not None:
            beside = _documents(valid[0], valid[1], "valid", words)
        from kerasbert.runs.fine_tuned import open_head

        run = self._learn(documents, beside, corpus, head=Tagging.name)
        self._note(run)
        head = open_head(run.path)[0]
        assert isinstance(head, Tagging)
        self._run, self.types_ = run, head.types
        return self

    def _write(self, path: Path, documents: Sequence[LabeledDocument]) -> dict[str, Any]:
        write_tagged(path, documents)
        return {}

    @classmethod
    def load(cls, folder: str | Path) -> TextTagger:
        """The estimator of a run: of `save`, of `out`, or one that `kerasbert finetune` made.

        Raises:
            InputError: it is not the folder of a finished tagging.
        """
        made, head, _ = cls._made_of(folder, Tagging, "tags words")
        made.types_ = head.types
        return made

    def predict(self, X: Any) -> list[list[Any]]:
        """Of each string its spans, (start, end, type); of each list of words their tags in BIO."""
        texts = _texts(X, "X")
        answers = self._fitted().predictor(texts)
        found: list[list[Any]] = []
        for text, answer in zip(texts, answers, strict=True):
            if isinstance(text, SplitText):
                tags = ["O"] * len(text.spans)
                for span in answer["spans"]:
                    first, behind = span["words"]
                    tags[first:behind] = [f"I-{span['type']}"] * (behind - first)
                    tags[first] = f"B-{span['type']}"
                found.append(tags)
            else:
                found.append([(one["start"], one["end"], one["type"]) for one in answer["spans"]])
        return found

    def predict_spans(self, X: Any) -> list[list[dict[str, Any]]]:
        """Of each text its spans: start, end, text, type and probability."""
        return [answer["spans"] for answer in self._fitted().predictor(_texts(X, "X"))]

    def score(self, X: Any, y: Any) -> float:
        """Micro F1 of spans whose ends and type are right."""
        gold: list[Any] = []
        found: list[Any] = []
        for answer, right in zip(self.predict(X), y, strict=True):
            for spans, part in ((gold, right), (found, answer)):
                is_tags = bool(part) and isinstance(part[0], str)
                spans.append(spans_of(list(part)) if is_tags else [tuple(one) for one in part])
        return entity_figures(gold, found)["entity_f1"]

    def _facts(self) -> Mapping[str, Any]:
        if not self.__sklearn_is_fitted__():
            return {"fitted": "no"}
        valid = self.metrics_["valid"]
        return {
            "types_": ", ".join(self.types_[:5]),
            "validation": f"entity F1 {valid['entity_f1']:.3f}",
            "run_": self.run_,
        }


def _texts(X: Any, name: str) -> list[str]:
    """Strings, or `SplitText`s of lists of words.

    Raises:
        ValueError: something else.
    """
    if isinstance(X, str):
        raise ValueError(f"{name}: expected a list of texts. Received: a string")
    made: list[str] = []
    for number, one in enumerate(X.tolist() if hasattr(X, "tolist") else X):
        if isinstance(one, str):
            made.append(one)
        elif isinstance(one, list | tuple) and all(isinstance(word, str) for word in one):
            made.append(SplitText.of_words(list(one)))
        else:
            raise ValueError(
                f"{name}[{number}]: expected a string or a list of words. Received:"
                f" {type(one).__name__}"
            )
    return made


def _documents(X: Any, y: Any, name: str, words: WordsName | None) -> list[LabeledDocument]:
    """Texts with their tags, counted from 1 as rows of a file are.

    Raises:
        ValueError: unequal lengths, or a text that its spans do not fit.
    """
    given, right = list(X), list(y)
    if len(given) != len(right):
        raise ValueError(f"{name}: {len(given):,} texts and {len(right):,} of y, give as many.")
    _texts(given, name)
    made = []
    for number, (text, tags) in enumerate(zip(given, right, strict=True), start=1):
        try:
            if not len(text) or (isinstance(text, str) and not text.strip()):
                raise ValueError("an empty text. Remove it, and its y")
            made.append(tagged_document(text, tags, number, words))
        except ValueError as error:
            raise ValueError(f"{name}[{number - 1}]: {error}.") from None
    return made
