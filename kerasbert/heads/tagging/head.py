"""The head of tagging: which words belong to a name, a place, a term, and of which type it is."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kerasbert.choices import WordsName
from kerasbert.errors import InputError
from kerasbert.evaluation.entities import entity_figures
from kerasbert.heads.head import Assessed, Head
from kerasbert.heads.public_layer import PublicLayer, output_names
from kerasbert.heads.tagging.answers import span_answers
from kerasbert.heads.tagging.chain import chain_losses
from kerasbert.heads.tagging.documents import settled_words, tag_ids, types_of
from kerasbert.heads.tagging.reading import Tagged, chain_of, read_tagged_words
from kerasbert.heads.tagging.report import tag_sections
from kerasbert.heads.tagging.rows import tagged_rows
from kerasbert.heads.tagging.words import row_targets
from kerasbert.heads.tokens import TokenOutputs, TokenPlaces, object_array
from kerasbert.report.figures import Sections
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.fields import Fields
from kerasbert.text.inputs import InputText
from kerasbert.text.lines import LineProblems
from kerasbert.text.tag_inputs import read_tag_inputs
from kerasbert.text.tag_schemes import spans_of
from kerasbert.text.tagged import holds_tags, read_tagged, write_tagged


@dataclass(frozen=True)
class Tagging(Head):
    """Spans of words with types; `kerasbert finetune --head tagging`.

    The network says of each position how well each tag of BIO suits the word that begins there. Its
    outputs are (B, L, K), with a CRF (B, K + 2 + L, K) as `TagChain` makes them; its gold has the
    tags of each document's words. Answers are the best legal path, with a CRF or without.

    Attributes:
        types: of spans, in the training data.
        crf: whether tags that follow each other are learned together.
        words: how a text is split whose words nobody has told.

    Raises:
        ValueError: there is no type.
    """

    name = "tagging"
    named = True
    figures = ("entity_f1", "precision", "recall", "macro_f1", "token_accuracy")
    best = "entity_f1"
    labeled = True
    by_token = True
    pipeline_tag = "token-classification"

    types: tuple[str, ...]
    crf: bool = False
    words: WordsName = "punctuation"

    def __post_init__(self) -> None:
        if not self.types:
            raise ValueError("types: expected one or more. Received: none")

    @property
    def tags(self) -> tuple[str, ...]:
        """The K tags, in the order of the model's outputs."""
        return ("O", *(f"{prefix}-{kind}" for kind in self.types for prefix in "BI"))

    # Documents.

    @classmethod
    def claims(cls, path: str | Path) -> bool:
        return holds_tags(path)

    @classmethod
    def from_documents(cls, documents: Sequence[LabeledDocument], **options: Any) -> Tagging:
        """The head for these training documents, whose labels are the BIO tags of their words.

        Args:
            documents: as `read_tagged` gives them.
            **options: the attributes above.

        Raises:
            InputError: no word has a type.
        """
        return cls(types_of(documents), **options)

    @classmethod
    def from_settings(
        cls,
        settings: Any,
        documents: Mapping[str, Sequence[LabeledDocument]],
        paths: Mapping[str, Path],
        problems: LineProblems,
    ) -> tuple[Tagging, dict[str, list[LabeledDocument]], list[str]]:
        if len(documents["train"][0].texts) != 1:
            raise InputError("--head tagging: expected single texts, these are pairs.")
        words = settled_words(settings.words, documents["train"])
        head = cls.from_documents(documents["train"], crf=settings.crf, words=words)
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
        return read_tagged(path, problems, limit, fields, say)

    @classmethod
    def audited(
        cls, path: str | Path, problems: LineProblems, fields: Fields | None = None
    ) -> Iterator[LabeledDocument]:
        """With the types of their spans as labels."""
        for document in read_tagged(path, problems, fields=fields):
            yield replace(document, labels=cls.strata(document))

    @classmethod
    def reader(cls, settings: Any) -> Callable[..., list[LabeledDocument]]:
        return functools.partial(read_tagged, words=settings.words)

    def read_documents(
        self,
        path: str | Path,
        problems: LineProblems,
        limit: int | None = None,
        fields: Fields | None = None,
        say: Callable[[str], None] | None = None,
    ) -> list[LabeledDocument]:
        return read_tagged(path, problems, limit, fields, say, self.words)

    def read_inputs(
        self,
        path: Path,
        pairs: bool,
        fields: Fields | None = None,
        say: Callable[[str], None] | None = None,
    ) -> Iterator[InputText]:
        """Texts as of every head, or CoNLL columns or records of tokens, whose words are kept."""
        return read_tag_inputs(path, fields, say)

    def write_documents(self, path: Path, documents: Sequence[LabeledDocument]) -> None:
        write_tagged(path, documents)

    @staticmethod
    def strata(document: LabeledDocument) -> tuple[str, ...]:
        """The types of its spans."""
        return tuple(sorted({kind for _, _, kind in spans_of(document.labels)}))

    def unseen(self, documents: Sequence[LabeledDocument]) -> Mapping[str, int]:
        """Types that training never saw: none of their spans can be answered."""
        counts = Counter(kind for d in documents for _, _, kind in spans_of(d.labels))
        return {kind: count for kind, count in counts.items() if kind not in self.types}

    def encode(self, documents: Sequence[LabeledDocument]) -> np.ndarray:
        """(N,) of tuples: the tags of each document's words."""
        return object_array([document.labels for document in documents])

    def row_targets(self, gold: np.ndarray, places: TokenPlaces) -> list[np.ndarray | None]:
        return row_targets([tag_ids(tags, self.tags) for tags in gold], places, self.words)

    def token_targets(self, found: Sequence[np.ndarray], length: int) -> np.ndarray:
        """(B, L) int32, -1 where no word begins."""
        made = np.full((len(found), length), -1, np.int32)
        for row, target in enumerate(found):
            made[row, : len(target)] = target
        return made

    def about(self, pairs: bool = False) -> str:
        kinds = ", ".join(self.types[:12]) + (", ..." if len(self.types) > 12 else "")
        many = "1 type" if len(self.types) == 1 else f"{len(self.types)} types"
        return f"tagging, spans of {many} ({kinds}){', with a CRF' if self.crf else ''}"

    def notes(self, documents: Sequence[LabeledDocument], gold: np.ndarray) -> list[str]:
        words = sum(map(len, gold))
        spans = sum(len(spans_of(tags)) for tags in gold)
        notes = [f"{words:,} words, {spans:,} spans"]
        if unseen := self.unseen(documents):
            such = ", ".join(f"{kind} ({count})" for kind, count in unseen.items())
            notes.append(f"of types that training lacks: {such}")
        return notes

    # The model.

    def output(self, pooled, sequence, inputs: Mapping[str, Any], dropout: float, seed: int):
        """(B, L, K) float32; with a CRF (B, K + 2 + L, K)."""
        import keras

        from kerasbert.layers import Dropout, TagChain
        from kerasbert.layers.dense import dtype_of_logits

        sequence = Dropout(dropout, seed=seed + 1, name="tag_dropout")(sequence)
        begin = keras.initializers.TruncatedNormal(stddev=0.02, seed=seed + 2)  # BERT's
        scores = keras.layers.Dense(
            len(self.tags), kernel_initializer=begin, dtype=dtype_of_logits(), name="tags"
        )(sequence)
        return TagChain(name="tag_chain")(scores) if self.crf else scores

    def loss(self, gold: np.ndarray):
        from kerasbert.heads.tagging.losses import build_loss

        return build_loss(self.crf)

    def check_output(self, shape: Sequence[int | None]) -> None:
        if len(shape) != 3 or shape[-1] != len(self.tags):
            raise InputError(
                f"config.json has {len(self.tags)} tags of {len(self.types)} types, the model's"
                f" output has shape {tuple(shape)}. Both must come from one run."
            )

    # From outputs to answers.

    def tagged(self, outputs: TokenOutputs) -> list[Tagged]:
        """The best legal tags of each document's words."""
        return read_tagged_words(outputs, self.tags, self.crf, self.words)

    def score(self, outputs: TokenOutputs, data: Any, decision: Any = None) -> dict[str, Any]:
        read, gold = self.tagged(outputs), data.gold
        found: dict[str, Any] = {"loss": self._mean_loss(outputs, read, gold)}
        found |= entity_figures([spans_of(tags) for tags in gold], [one.spans for one in read])
        words = sum(map(len, gold))
        right = sum(
            sum(map(str.__eq__, one.tags, tags)) for one, tags in zip(read, gold, strict=True)
        )
        found["token_accuracy"] = right / words if words else 0.0
        return found | {"words": words, "documents": len(gold)}

    def _mean_loss(self, outputs: TokenOutputs, read: list[Tagged], gold: np.ndarray) -> float:
        """As in training, per word; of those whose type training knows."""
        scores, tags = [], []
        for one, right in zip(read, gold, strict=True):
            ids = tag_ids(right, self.tags)[one.has_token]
            scores.append(one.scores[ids >= 0])
            tags.append(ids[ids >= 0])
        words = sum(map(len, tags))
        losses = chain_losses(scores, tags, chain_of(outputs, len(self.tags), self.crf))
        return float(losses.sum() / words) if words else float("nan")

    def answers(
        self, outputs: TokenOutputs, decision: Any = None, **options: Any
    ) -> list[dict[str, Any]]:
        """ "spans" of each document: start, end, text, type and probability, in their order."""
        return span_answers(self.tagged(outputs), outputs, self.tags, self.crf)

    def empty_answer(self, **options: Any) -> dict[str, Any]:
        return {"spans": []}

    def public_layer(self) -> PublicLayer:
        if self.crf:
            raise InputError(
                "a run with --crf decides by tags that follow each other, which no public class"
                " does. What can leave: one without --crf."
            )
        return PublicLayer(
            "tagger",
            "tags",
            "classifier",
            output_names(self.tags),
            "How scores become spans: the first token of a word has its tag, of tags the best legal"
            " row is taken, and longer texts are read in windows.",
        )

    # The run folder and the report.

    def to_json(self) -> dict[str, Any]:
        return {"types": list(self.types), "crf": self.crf, "words": self.words}

    def settled(self) -> dict[str, Any]:
        return {"words": self.words, "loss": "cross-entropy"}

    @classmethod
    def load(cls, folder: Path, about: Mapping[str, Any]) -> Tagging:
        """That of a run, from its config.json."""
        return cls(tuple(about["types"]), about["crf"], about["words"])

    def assess(
        self,
        outputs: Mapping[str, TokenOutputs],
        data: Mapping[str, Any],
        documents: Sequence[LabeledDocument],
        rule: str | None = None,
        why: str = "",
    ) -> Assessed:
        figures = {name: self.score(part, data[name]) for name, part in outputs.items()}
        valid = outputs["valid"]
        return Assessed(figures, tagged_rows(self.tagged(valid), data["valid"].gold, documents))

    def evaluate(
        self, outputs: TokenOutputs, data: Any, metrics: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {"head": self.name, "data": self.score(outputs, data)}

    def browse(
        self,
        outputs: TokenOutputs,
        data: Any,
        documents: Sequence[LabeledDocument],
        metrics: Mapping[str, Any],
    ) -> dict[str, list[dict[str, Any]]]:
        return tagged_rows(self.tagged(outputs), data.gold, documents)

    def sections(
        self,
        history: Sequence[Mapping[str, Any]],
        metrics: Mapping[str, Any],
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> Sections:
        names = {name: self.name_of(name) for name in self.figures}
        return tag_sections(names, history, metrics, rows)

    def rivals(
        self, documents: Mapping[str, Sequence[LabeledDocument]], quick: bool = False
    ) -> list[dict[str, Any]]:
        """A CRF on hand-made features of words."""
        from kerasbert.heads.tagging.rival import crf_rival

        return [crf_rival(documents, quick)]
