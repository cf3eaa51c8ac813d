"""The head of regression: one number, or several, of a text or a pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from kerasbert.choices import BestNumber, NumberLoss
from kerasbert.errors import InputError
from kerasbert.evaluation.numbers import FIGURES, figures_of_each, number_figures
from kerasbert.heads.head import Assessed, Head
from kerasbert.heads.pair_vectors import Embed
from kerasbert.heads.public_layer import PublicLayer, output_names
from kerasbert.heads.regression.answers import number_answers
from kerasbert.heads.regression.documents import as_wide, numbers_of
from kerasbert.heads.regression.intervals import Intervals
from kerasbert.heads.regression.report import number_sections
from kerasbert.heads.regression.rows import number_rows, worst_rows
from kerasbert.heads.regression.scale import Scale
from kerasbert.heads.regression.scores import mean_loss
from kerasbert.heads.regression.words import interval_sentences
from kerasbert.report.figures import Sections
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.fields import Fields
from kerasbert.text.lines import LineProblems

ALONE = "value"  # how a number is called that has no name


def number_names(count: int) -> list[str]:
    """How so many numbers without names are called."""
    return [ALONE] if count == 1 else [f"{ALONE}{k}" for k in range(1, count + 1)]


@dataclass(frozen=True)
class Regression(Head):
    """Pearson, Spearman, MAE, RMSE and R2 of predicted numbers; `kerasbert finetune --head
    regression`.

    Its outputs are (N, K) of K numbers, in their own unit once they are read; its gold is (N, K)
    float64. The network itself learns and gives numbers around 0 and about 1 wide.

    Attributes:
        scale: mean and deviation of the numbers in the training data.
        names: of the K numbers.
        loss_name: "squared", "absolute" or "huber", on the scale of the network.
        best: the figure by which the best epoch is told, "spearman" or "mae".
        coverage: the share of right numbers that the intervals of answers shall hold.

    Raises:
        ValueError: as many names as numbers were expected.
    """

    name = "regression"
    figures = FIGURES
    labeled = True
    numbers = True
    figure_names: ClassVar = {
        "pearson": "Pearson", "spearman": "Spearman", "mae": "MAE", "rmse": "RMSE", "r2": "R²"
    }  # fmt: skip

    scale: Scale
    names: tuple[str, ...] = (ALONE,)
    loss_name: NumberLoss = "squared"
    best: BestNumber = "spearman"
    coverage: float = 0.9

    def __post_init__(self) -> None:
        if not len(self.names) == len(self.scale.mean) == len(self.scale.deviation):
            raise ValueError(
                f"names: expected {len(self.scale.mean)}, as many as there are numbers. "
                f"Received: {self.names}"
            )

    @property
    def mode(self) -> Literal["max", "min"]:  # type: ignore[override]
        return "min" if self.best == "mae" else "max"

    # Documents.

    @classmethod
    def from_documents(
        cls, documents: Sequence[LabeledDocument], names: Sequence[str] = (), **options: Any
    ) -> Regression:
        """The head for these training documents.

        Args:
            documents: with a number for each label, as `read_labeled(numbers=True)` gives them.
            names: of the numbers.
            **options: the attributes above.

        Raises:
            InputError: a number is the same in all documents, or they have not equally many.
        """
        gold = numbers_of(documents)
        count = gold.shape[1]
        if len(names) != count:
            names = number_names(count)
        return cls(Scale.of(gold, names), tuple(names), **options)

    @classmethod
    def from_settings(
        cls,
        settings: Any,
        documents: Mapping[str, Sequence[LabeledDocument]],
        paths: Mapping[str, Path],
        problems: LineProblems,
    ) -> tuple[Regression, dict[str, list[LabeledDocument]], list[str]]:
        width = len(documents["train"][0].labels)
        kept = {
            name: as_wide(part, width, paths[name], problems) for name, part in documents.items()
        }
        head = cls.from_documents(
            kept["train"],
            settings.label_field if len(settings.label_field) > 1 else (),
            loss_name=settings.loss or cls.loss_name,
            best=settings.best,
            coverage=settings.coverage,
        )
        return head, kept, []

    @staticmethod
    def strata(document: LabeledDocument) -> tuple[str, ...]:
        return ()  # nearly every number is one of its own

    def read_documents(
        self,
        path: str | Path,
        problems: LineProblems,
        limit: int | None = None,
        fields: Fields | None = None,
        say: Callable[[str], None] | None = None,
    ) -> list[LabeledDocument]:
        """As `read_file`; several numbers are found by their names, in the order of the run."""
        fields = fields or Fields()
        if len(self.names) > 1 and (not fields.label or set(fields.label) == set(self.names)):
            fields = replace(fields, label=self.names)
        return self.read_file(path, problems, limit, fields, say)

    def prepare(
        self,
        documents: Mapping[str, Sequence[LabeledDocument]],
        paths: Mapping[str, Path],
        problems: LineProblems,
    ) -> dict[str, list[LabeledDocument]]:
        return {
            name: as_wide(part, len(self.names), paths[name], problems)
            for name, part in documents.items()
        }

    def encode(self, documents: Sequence[LabeledDocument]) -> np.ndarray:
        """(N, K) float64, in their own unit."""
        return numbers_of(documents)

    def targets(self, gold: np.ndarray) -> np.ndarray:
        """(B, K) float32, as the network learns them."""
        return self.scale.inside(gold).astype(np.float32)

    def about(self, pairs: bool = False) -> str:
        what = "a number" if len(self.names) == 1 else f"{len(self.names)} numbers"
        chosen = "highest Spearman" if self.best == "spearman" else "lowest MAE"
        return (
            f"regression, {what}{', of pairs of texts' if pairs else ''}; the best epoch is the one"
            f" with the {chosen}"
        )

    def notes(self, documents: Sequence[LabeledDocument], gold: np.ndarray) -> list[str]:
        spans = [
            f"{name} {gold[:, k].min():g} to {gold[:, k].max():g}, mean {gold[:, k].mean():.4g}"
            for k, name in enumerate(self.names)
        ]
        if len(gold) > 1 and not np.ptp(gold, axis=0).all():
            spans.append("some number is the same in all, so it has no correlation")
        return [", ".join(spans)]

    # The model.

    def output(self, pooled, sequence, inputs: Mapping[str, Any], dropout: float, seed: int):
        """(B, K) float32, around 0 and about 1 wide."""
        import keras

        from kerasbert.layers import Dropout
        from kerasbert.layers.dense import dtype_of_logits

        pooled = Dropout(dropout, seed=seed + 1, name="number_dropout")(pooled)
        # Small, as BERT's: the first answers are near the mean of the training data.
        begin = keras.initializers.TruncatedNormal(stddev=0.02, seed=seed + 2)
        return keras.layers.Dense(
            len(self.names), kernel_initializer=begin, dtype=dtype_of_logits(), name="numbers"
        )(pooled)

    def begin_pretrained(self, model, data: Mapping[str, Any]) -> list[str]:
        """Of pairs that are encoded apart: begin with what their cosine says."""
        from kerasbert.heads.regression.beginning import begin_at_cosine

        return begin_at_cosine(model, data["train"])

    def lessons(self, outputs: np.ndarray, teacher: Any) -> np.ndarray:
        """(N, K) float32, the teacher's numbers on this head's scale."""
        self.check_teacher(teacher)
        if teacher.names != self.names:
            raise InputError(
                f"--teacher: its numbers are {', '.join(teacher.names)}, those of this run"
                f" {', '.join(self.names)}. Expected the same."
            )
        return self.scale.inside(teacher.scale.outside(outputs)).astype(np.float32)

    def teaching_loss(self, temperature: float):
        return self.loss(np.empty(0))  # numbers have no temperature

    def loss(self, gold: np.ndarray):
        from kerasbert.heads.regression.losses import build_loss

        return build_loss(self.loss_name)

    def check_output(self, shape: Sequence[int | None]) -> None:
        if shape[-1] != len(self.names):
            raise InputError(
                f"config.json has {len(self.names)} numbers, the model {shape[-1]}. Both must come "
                "from one run."
            )

    # From outputs to answers.

    def read(self, outputs: np.ndarray, model=None, given: bool | None = None) -> np.ndarray:
        """(N, K) float64, in their own unit."""
        return self.scale.outside(outputs)

    def fit(
        self, outputs: np.ndarray, data: Any, rule: str | None = None, why: str = ""
    ) -> Intervals:
        """Intervals."""
        return Intervals.fit(data.gold, outputs, self.coverage)

    def restore(self, metrics: Mapping[str, Any]) -> Intervals:
        return Intervals.of_metrics(metrics, len(self.names))

    def score(
        self, outputs: np.ndarray, data: Any, decision: Intervals | None = None
    ) -> dict[str, Any]:
        inside = self.scale.inside(data.gold), self.scale.inside(outputs)
        found: dict[str, Any] = {"loss": mean_loss(self.loss_name, *inside)}
        found |= number_figures(data.gold, outputs)
        if len(self.names) > 1:
            found["by_name"] = figures_of_each(data.gold, outputs, self.names)
        if decision is not None:
            found |= decision.figures(data.gold, outputs)
        return found | {"documents": len(data.gold)}

    def answers(
        self, outputs: np.ndarray, decision: Intervals | None = None, **options: Any
    ) -> list[dict[str, Any]]:
        """ "value" and "interval" of each document; of several numbers by their names."""
        return number_answers(outputs, decision, self.names)

    def empty_answer(self, **options: Any) -> dict[str, Any]:
        nothing = {"value": None, "value_reason": "the text is empty", "interval": None}
        return dict.fromkeys(self.names, nothing) if len(self.names) > 1 else nothing

    def evidence(
        self, outputs: np.ndarray, decision: Intervals, answer: Mapping[str, Any]
    ) -> dict[str, np.ndarray]:
        """The numbers themselves: a word that raises one speaks for it."""
        return {name: outputs[:, k] for k, name in enumerate(self.names)}

    def public_layer(self) -> PublicLayer:
        """Its answers are in their own unit."""
        return PublicLayer(
            "classifier",
            "numbers",
            "",
            {**output_names(self.names), "problem_type": "regression"},
            "The intervals around numbers: their widths are in kerasbert.json.",
            unit=(self.scale.deviation, self.scale.mean),
        )

    # The run folder and the report.

    def to_json(self) -> dict[str, Any]:
        return {
            "numbers": list(self.names),
            "mean": list(self.scale.mean),
            "deviation": list(self.scale.deviation),
            "loss": self.loss_name,
            "best": self.best,
            "coverage": self.coverage,
        }

    def settled(self) -> dict[str, Any]:
        return {"loss": self.loss_name}

    @classmethod
    def load(cls, folder: Path, about: Mapping[str, Any]) -> Regression:
        """That of a run, from its config.json."""
        return cls(
            Scale(tuple(about["mean"]), tuple(about["deviation"])),
            tuple(about["numbers"]),
            about["loss"],
            about["best"],
            about["coverage"],
        )

    def assess(
        self,
        outputs: Mapping[str, np.ndarray],
        data: Mapping[str, Any],
        documents: Sequence[LabeledDocument],
        rule: str | None = None,
        why: str = "",
    ) -> Assessed:
        found = self.fit(outputs["valid"], data["valid"])
        figures: dict[str, Any] = {
            name: self.score(part, data[name], found) for name, part in outputs.items()
        }
        figures |= {"intervals": found.to_json(), "best_by": self.best, "numbers": list(self.names)}
        rows = {
            f"{name}_numbers": number_rows(part, data[name].gold, self.names)
            for name, part in outputs.items()
        }
        gold = data["valid"].gold
        errors = np.abs(self.scale.inside(outputs["valid"]) - self.scale.inside(gold)).max(axis=1)
        rows["worst"] = worst_rows(outputs["valid"], gold, errors, documents, self.names)
        return Assessed(figures, rows)

    def evaluate(
        self, outputs: np.ndarray, data: Any, metrics: Mapping[str, Any]
    ) -> dict[str, Any]:
        found = self.restore(metrics)
        return {
            "head": self.name,
            "data": self.score(outputs, data, found),
            "intervals": found.to_json(),
            "best_by": self.best,
            "numbers": list(self.names),
        }

    @classmethod
    def decided_by(cls, metrics: Mapping[str, Any]) -> tuple[str, Literal["max", "min"]]:
        best = metrics.get("best_by", cls.best)
        return best, "min" if best == "mae" else "max"

    @classmethod
    def title(cls, metrics: Mapping[str, Any]) -> str:
        by = cls.name_of(metrics.get("best_by", "spearman"))
        return f"chosen by {by}"

    @classmethod
    def sentences(cls, metrics: Mapping[str, Any]) -> str:
        return interval_sentences(metrics)

    def sections(
        self,
        history: Sequence[Mapping[str, Any]],
        metrics: Mapping[str, Any],
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> Sections:
        return number_sections(self.figure_names, history, metrics, rows)

    def rivals(
        self, documents: Mapping[str, Sequence[LabeledDocument]], quick: bool = False
    ) -> list[dict[str, Any]]:
        """Ridge regression on TF-IDF; of pairs the cosine of their TF-IDF, too."""
        from kerasbert.heads.regression.rivals import number_rivals

        texts = {name: [document.texts for document in part] for name, part in documents.items()}
        gold = {name: self.encode(part) for name, part in documents.items()}
        return number_rivals(texts, gold)

    def vector_rivals(
        self,
        documents: Mapping[str, Sequence[LabeledDocument]],
        name: str,
        embed: Embed,
    ) -> list[dict[str, Any]]:
        from kerasbert.heads.regression.rivals import vector_rivals_of_numbers

        texts = {part: [document.texts for document in docs] for part, docs in documents.items()}
        gold = {part: self.encode(docs) for part, docs in documents.items()}
        return vector_rivals_of_numbers(texts, gold, name, embed)
