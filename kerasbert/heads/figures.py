"""What is told of a head's figures: tables, verdicts, report, model card, comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from kerasbert.evaluation.comparison import Judged
from kerasbert.figures import figure_name, number
from kerasbert.heads.pair_vectors import Embed
from kerasbert.heads.verdict import rival_verdict, with_rival
from kerasbert.report.figures import Sections, figure_sections
from kerasbert.report.markdown import escaped
from kerasbert.text.documents import LabeledDocument

VIEWS = ("valid", "test", "data")  # the parts that figures are of; "data" in `evaluate`


class HeadFigures:
    """The part of `Head` that tells people what its figures are worth.

    Attributes:
        name, figures, best, mode, figure_names: see `Head`.
    """

    name: ClassVar[str]
    figures: ClassVar[tuple[str, ...]]
    best: str
    mode: Literal["max", "min"] = "max"
    figure_names: ClassVar[Mapping[str, str]] = {}

    def about(self, pairs: bool = False) -> str:
        """In a few words, for people: what is predicted, and of what."""
        return f"{self.name}{', pairs of texts' if pairs else ''}"

    @classmethod
    def table(cls, metrics: Mapping[str, Any]) -> list[list[Any]]:
        """Rows for people, after a heading: the figures of each part."""
        columns = (*cls.figures, "loss", "documents")
        rows = [
            [name, *(_known(metrics[name][column]) for column in columns)]
            for name in VIEWS
            if name in metrics
        ]
        table = [["judged on", *map(cls.name_of, columns)], *rows]
        return with_rival(table, metrics, cls.decided_by(metrics)[0])

    @classmethod
    def decided_by(cls, metrics: Mapping[str, Any]) -> tuple[str, Literal["max", "min"]]:
        """The figure by which the run of these figures is judged, and its direction."""
        return cls.best, cls.mode

    @classmethod
    def name_of(cls, figure: str) -> str:
        """How people call a figure."""
        return cls.figure_names.get(figure) or figure_name(figure)

    @classmethod
    def title(cls, metrics: Mapping[str, Any]) -> str:
        """How answers were decided, in a few words: the heading of `table`."""
        return cls.name

    @classmethod
    def verdict(cls, metrics: Mapping[str, Any], advice: str = "train longer") -> str:
        """What the figures of a run are worth, in a sentence.

        Args:
            metrics: those of metrics.json, "rival" among them.
            advice: what to try where they are no better than the rival's.
        """
        return rival_verdict(metrics, *cls.decided_by(metrics), advice=advice)

    @classmethod
    def sentences(cls, metrics: Mapping[str, Any]) -> str:
        """What is to be said below `table`."""
        return ""

    def predicts(self, metrics: Mapping[str, Any]) -> list[str]:
        """What is predicted and how it is decided: paragraphs of the model card, in Markdown."""
        return [escaped(f"{self.about()}.")]

    @classmethod
    def results(cls, scores: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The figures of a part for the model card: type, name and value, as a model index has it.

        Args:
            scores: what `score` gave.
        """
        return [
            {"type": name, "name": cls.name_of(name), "value": round(value, 4)}
            for name in cls.figures
            if (value := number(scores.get(name))) is not None
        ]

    def sections(
        self,
        history: Sequence[Mapping[str, Any]],
        metrics: Mapping[str, Any],
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> Sections:
        """Headings and HTML of the report: of a run, or of `evaluate`, which has no history.

        Args:
            history: a row an epoch.
            metrics: of metrics.json, or what `evaluate` gave.
            rows: the tables of `Assessed`, or of `browse`.
        """
        return figure_sections(self.figures, history, metrics)

    # In a comparison.

    def judged(self) -> Judged:
        """By what runs are compared."""
        names = {name: self.name_of(name) for name in (self.best, *self.figures)}
        return Judged(self.best, self.mode, names, fitted="", long=names[self.best])

    def rivals(
        self, documents: Mapping[str, Sequence[LabeledDocument]], quick: bool = False
    ) -> list[dict[str, Any]]:
        """Baselines, trained on the same documents.

        Args:
            documents: of "train", "valid" and, where there is one, "test".
            quick: leave out what would take longer than half a minute or so.

        Returns:
            of each name, seconds, "valid" and where there is one "test", with its figures; or name
            and `reason`, why it was left out.
        """
        return []

    def vector_rivals(
        self,
        documents: Mapping[str, Sequence[LabeledDocument]],
        name: str,
        embed: Embed,
    ) -> list[dict[str, Any]]:
        """Baselines on the vectors of an encoder that nobody has fine-tuned, as `rivals`.

        Args:
            documents: of "train", "valid" and, where there is one, "test".
            name: of the encoder.
            embed: (N, P) of N texts, each a tuple.
        """
        return []


def _known(value: Any) -> Any:
    """A figure, or a dash where there is none: NaN, or null of JSON."""
    return "–" if value is None or value != value else value
