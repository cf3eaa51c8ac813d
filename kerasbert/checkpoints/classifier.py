"""A public model that classifies texts, ...ForSequenceClassification: its labels and its head."""

from dataclasses import dataclass
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
from kerasbert.heads.classification.logits import label_logits
from kerasbert.layers import Pooling
from kerasbert.layers.dense import Dense
from kerasbert.layers.gelu import gelu_tanh
from kerasbert.models import build_embedding, build_encoder
from kerasbert.models.encoder import encode
from kerasbert.runs.folder import RunFolder
from kerasbert.text.labels import LabelSet

CLASS = "ForSequenceClassification"
PROBLEMS: dict[str, KindName] = {  # problem_type of config.json
    "multi_label_classification": "multi-label",
    "single_label_classification": "multi-class",
}


@dataclass(frozen=True)
class PublicClassifier:
    """The head of a folder that classifies; becomes a fine-tuned run.

    Attributes:
        head: our head, with its labels and their kind.
        layers: how its logits are computed.
        arrays: their weights.
        pairs: whether a text is a pair of texts.
    """

    head: Classification
    layers: ClassifierHead
    arrays: Arrays
    pairs: bool = False
    stage = "finetune"

    def model(self, config: EncoderConfig) -> keras.Model:
        """Logits of the labels."""
        embedding, encoder = build_embedding(config), build_encoder(config)
        inputs, padding_mask, sequence = encode(embedding, encoder)
        pooled = Pooling(self.layers.pooling, name="pooling")(sequence, padding_mask)
        labels = len(self.head.labels)
        logits = label_logits(
            transform(pooled, self.layers), inputs["token_ids"], labels, dropout=0.0
        )
        return keras.Model(inputs, logits, name=self.head.name)

    def about(self, config: EncoderConfig) -> dict[str, Any]:
        """For config.json: what `predict` must know."""
        return {
            "head": self.head.name,
            **self.head.to_json(),
            "max_length": config.max_positions,
            "texts": 2 if self.pairs else 1,
        }

    def metrics(self) -> dict[str, Any]:
        """For metrics.json. Nothing was fitted: the top label, or what reaches one half."""
        decision = Decision(self.head.kind, rule="threshold")
        return {
            "head": self.head.name,
            "kind": self.head.kind,
            "labels": len(self.head.labels),
            "decision": decision.to_json(),
            "threshold": decision.common,
            "thresholds": "half",
        }

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
        None where it holds none, or a regression, whose weights stay unread.

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
    labels, *_ = tensors.shape(weight) or (0,)
    problem = settings.get("problem_type")
    if problem == "regression" or (labels == 1 and problem is None):
        return None
    if problem not in (None, *PROBLEMS):
        raise InputError(
            f"{settings.path}: problem_type {problem!r} is unknown, expected one of"
            f" {', '.join(PROBLEMS)} or regression."
        )
    kind = PROBLEMS[problem or "single_label_classification"]
    if kind == "multi-class" and labels == 2:
        kind = "binary"
    try:
        head = Classification(LabelSet(tuple(_names(settings, labels))), kind)
    except (InputError, ValueError) as error:
        raise InputError(f"{settings.path}: id2label: {error}") from None
    places = layers.all_places(config.d_model, labels)
    return PublicClassifier(head, layers, read(tensors, places), pairs)


def _names(settings: Settings, labels: int) -> list[str]:
    """The labels in the order of the logits; where the file has none, as transformers names them.

    Raises:
        InputError: there are more or fewer than logits.
    """
    given: Any = settings.get("id2label")
    if given is None:
        return [f"LABEL_{number}" for number in range(labels)]
    expected = [str(number) for number in range(labels)]
    if not isinstance(given, dict) or sorted(given) != sorted(expected):
        found = sorted(given) if isinstance(given, dict) else given
        raise InputError(
            f"expected a name for each of the {labels} logits, 0 to {labels - 1}, found {found}."
        )
    return [str(given[number]) for number in expected]
