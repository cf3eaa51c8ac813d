"""The head of a run goes with its backbone, where a class of KerasHub computes what it does."""

from dataclasses import dataclass
from typing import Any

import keras

from kerasbert.checkpoints.beside import svms_of
from kerasbert.checkpoints.families import FAMILIES
from kerasbert.checkpoints.heads import ClassifierHead
from kerasbert.checkpoints.heads_out import refuse_texts_in_parts, text_layers
from kerasbert.checkpoints.places import Arrays
from kerasbert.config import EncoderConfig
from kerasbert.errors import InputError
from kerasbert.heads.public_layer import PublicLayer
from kerasbert.heads.registry import load_head
from kerasbert.runs.folder import RunFolder
from kerasbert.without_tensorflow import import_keras_hub


@dataclass(frozen=True)
class Task:
    """A class of KerasHub that classifies texts by [CLS].

    Attributes:
        name: of the class.
        activation: of its dense layer before the logits.
        in_backbone: whether this layer is the backbone's pooler.
    """

    name: str
    activation: str
    in_backbone: bool = False


TASKS = {
    "BertBackbone": Task("BertTextClassifier", "tanh", in_backbone=True),
    "DistilBertBackbone": Task("DistilBertTextClassifier", "relu"),
    "RobertaBackbone": Task("RobertaTextClassifier", "tanh"),
}


def classifier_of(
    run: RunFolder, backbone: Any, tokenizer: Any, model: keras.Model, arrays: Arrays
) -> tuple[Any, list[str], list[str]]:
    """The classifier of KerasHub that answers as a run, if there is one.

    Args:
        run: that leaves.
        backbone: of KerasHub, with the weights of its encoder.
        tokenizer: of KerasHub.
        model: of the run.
        arrays: all of its weights.

    Returns:
        the classifier, or the backbone alone; the names of its logits; what was left out, in
        sentences.
    """
    config = run.config()
    others = {path.split("/")[0] for path in arrays} - {"embedding", "encoder", "pooling"}
    if config["stage"] != "finetune":
        heads = ", ".join(sorted(others))
        return backbone, [], [f"All heads ({heads}): a backbone has none."] if others else []
    head, task = load_head(run.path, config), TASKS.get(type(backbone).__name__)
    try:
        layer = None if head.by_token else head.public_layer()
        if layer is None or task is None:
            raise InputError("KerasHub has no class for it.")
        refuse_texts_in_parts(config)
        architecture, pooling = run.architecture(), model.get_layer("pooling")
        assert architecture is not None
        weights = _layers(task, architecture, arrays, pooling, layer)
    except InputError as error:
        return backbone, [], [f"The head ({head.about()}): {error}"]
    models = import_keras_hub().models
    preprocessor = getattr(models, f"{task.name}Preprocessor")(
        tokenizer, sequence_length=config["max_length"]
    )
    made = getattr(models, task.name)(
        backbone, num_classes=len(weights["logits/bias"]), preprocessor=preprocessor
    )
    dense = (backbone if task.in_backbone else made).get_layer("pooled_dense")
    for ours, theirs in (("classifier_transform", dense), ("logits", made.get_layer("logits"))):
        theirs.set_weights([weights[f"{ours}/kernel"], weights[f"{ours}/bias"]])
    said = [layer.left_out]
    if svms_of(arrays):
        said.append("The linear SVMs: the model answers by its network alone.")
    return made, list(layer.config["label2id"]), said


def _layers(
    task: Task, architecture: EncoderConfig, arrays: Arrays, pooling: Any, head: PublicLayer
) -> Arrays:
    """ "classifier_transform" and "logits" of the class, kernel and bias.

    Raises:
        InputError: the class computes something else.
    """
    ours = FAMILIES[architecture.model_type or "bert"].classifier(architecture)
    if "classifier_transform/kernel" in arrays and ours.activation != task.activation:
        raise InputError(
            f"it has a dense layer with {ours.activation} before the logits, {task.name} one with"
            f" {task.activation}."
        )
    layers = ClassifierHead([], "", task.activation)
    return arrays | text_layers(layers, architecture, arrays, pooling, head)
