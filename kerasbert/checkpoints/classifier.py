"""A public model of labels or numbers of texts, ...ForSequenceClassification, and its head."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras

from kerasbert.checkpoints.family import Family
from kerasbert.checkpoints.heads import ClassifierHead
from kerasbert.checkpoints.places import Arrays, read
from kerasbert.checkpoints.public_folder import Settings
from kerasbert.checkpoints.tensors import Tensors
from kerasbert.choices import KindName
from kerasbert.config import EncoderConfig
from kerasbert.errors import InputError
from kerasbert.heads.classification.decision import Decision
from kerasbert.heads.classification.head import Classification
from kerasbert.heads.regression.head import Regression, number_names
from kerasbert.heads.regression.intervals import Intervals
from kerasbert.heads.regression.scale import Scale
from kerasbert.layers import Pooling
from kerasbert.layers.dense import Dense
from kerasbert.layers.gelu import gelu_tanh
from kerasbert.models import build_embedding, build_encoder
from kerasbert.models.encoder import encode
from kerasbert.runs.folder import RunFolder
from kerasbert.text.labels import LabelSet

CLASS = "ForSequenceClassification"
SINGLE = "single_label_classification"  # problem_type, unless it is said


@dataclass(frozen=True)
class PublicClassifier:
    """The head of a folder that classifies, or answers numbers; becomes a fine-tuned run.

    Attributes:
        head: our head, with its labels and their kind, or its numbers.
        figures: what metrics.json says of it. Nothing was fitted.
        layers: how its outputs are computed.
        arrays: their weights.
        pairs: whether a text is a pair of texts.
    """

    head: Classification | Regression
    figures: dict[str, Any]
    layers: ClassifierHead
    arrays: Arrays
    pairs: bool = False
    stage = "finetune"

    def model(self, config: EncoderConfig) -> keras.Model:
        """Logits of the labels, or the numbers."""
        embedding, encoder = build_embedding(config), build_encoder(config)
        inputs, padding_mask, sequence = encode(embedding, encoder)
        pooled = Pooling(self.layers.pooling, name="pooling")(sequence, padding_mask)
        pooled = transform(pooled, self.layers)
        outputs = self.head.output(pooled, sequence, inputs, dropout=0.0, seed=0)
        return keras.Model(inputs, outputs, name=self.head.name)

    def about(self, config: EncoderConfig) -> dict[str, Any]:
        """For config.json: what `predict` must know."""
        return {
            "head": self.head.name,
            **self.head.to_json(),
            "max_length": config.max_positions,
            "texts": 2 if self.pairs else 1,
        }

    def metrics(self) -> dict[str, Any]:
        """For metrics.json."""
        return {"head": self.head.name, **self.figures}

    def save(self, run: RunFolder) -> None:
        """Further files of the run: its labels."""
        self.head.save(run.path)


def transform(pooled, layers: ClassifierHead):
    """(B, D) of pooled states (B, D): the dense layer before the logits, and what is behind it."""
    activation = gelu_tanh if layers.activation == "gelu_tanh" else layers.activation
    dense = Dense(pooled.shape[-1], activation=activation, name="classifier_transform")
    pooled = dense(pooled)
    if layers.epsilon is None:
        return pooled
    return keras.layers.LayerNormalization(epsilon=layers.epsilon, name="classifier_norm")(pooled)


def read_classifier(
    settings: Settings,
    family: Family,
    tensors: Tensors,
    config: EncoderConfig,
    pairs: bool = False,
) -> PublicClassifier | None:
    """The classifier of a folder.

    Args:
        settings: of the model.
        family: of it.
        tensors: its weights.
        config: its architecture.
        pairs: whether its texts are pairs.

    Returns:
        None where it holds none.

    Raises:
        InputError: labels that do not fit the weights, or a problem_type that is unknown.
    """
    classes = settings.get("architectures") or []
    if not any(str(name).endswith(CLASS) for name in classes if isinstance(classes, list)):
        return None
    layers = family.classifier(config, settings)
    weight = f"{layers.logits}.weight"
    needed = [*(name for place in layers.places for name in place.names), weight]
    if not all(tensors.has(name) for name in needed):
        return None
    outputs, *_ = tensors.shape(weight) or (0,)
    problem = settings.get("problem_type") or ("regression" if outputs == 1 else SINGLE)
    if problem not in PROBLEMS:
        raise InputError(
            f"{settings.path}: problem_type {problem!r} is unknown, expected one of"
            f" {', '.join(PROBLEMS)}."
        )
    try:
        head, figures = PROBLEMS[problem](_names(settings, outputs))
    except (InputError, ValueError) as error:
        raise InputError(f"{settings.path}: id2label: {error}") from None
    places = layers.all_places(config.d_model, outputs)
    arrays = read(tensors, places)
    for end in ("kernel", "bias"):
        arrays[f"{head.public_layer().layer}/{end}"] = arrays.pop(f"logits/{end}")
    return PublicClassifier(head, figures, layers, arrays, pairs)


def _labels(names: list[str], kind: KindName) -> tuple[Classification, dict[str, Any]]:
    """The top label, or what reaches one half."""
    if kind == "multi-class" and len(names) == 2:
        kind = "binary"
    head, decision = Classification(LabelSet(tuple(names)), kind), Decision(kind, rule="threshold")
    return head, {
        "kind": kind,
        "labels": len(names),
        "decision": decision.to_json(),
        "threshold": decision.common,
        "thresholds": "half",
    }


def _numbers(names: list[str]) -> tuple[Regression, dict[str, Any]]:
    """Numbers in the unit of the model, without intervals."""
    count = len(names)
    if names == default_names(count):
        names = number_names(count)
    head = Regression(Scale((0.0,) * count, (1.0,) * count), tuple(names))
    nothing = Intervals(head.coverage, None, documents=0)
    return head, {"intervals": nothing.to_json(), "best_by": head.best, "numbers": names}


PROBLEMS: dict[str, Callable[[list[str]], tuple[Any, dict[str, Any]]]] = {  # by problem_type
    "multi_label_classification": partial(_labels, kind="multi-label"),
    SINGLE: partial(_labels, kind="multi-class"),
    "regression": _numbers,
}


def default_names(count: int) -> list[str]:
    """As transformers calls outputs that have no names."""
    return [f"LABEL_{number}" for number in range(count)]


def _names(settings: Settings, count: int) -> list[str]:
    """The labels in the order of the logits; where the file has none, as transformers names them.

    Raises:
        InputError: there are more or fewer than logits.
    """
    given: Any = settings.get("id2label")
    if given is None:
        return default_names(count)
    expected = [str(number) for number in range(count)]
    if not isinstance(given, dict) or sorted(given) != sorted(expected):
        found = sorted(given) if isinstance(given, dict) else given
        raise InputError(
            f"expected a name for each of the {count} logits, 0 to {count - 1}, found {found}."
        )
    return [str(given[number]) for number in expected]
