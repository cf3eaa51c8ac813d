"""The head of a run goes with its encoder, where a class of transformers computes what it does."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kerasbert.checkpoints.beside import BESIDE_WEIGHTS, svms_of
from kerasbert.checkpoints.family import Family
from kerasbert.checkpoints.heads import ClassifierHead
from kerasbert.checkpoints.leaving import Leaving
from kerasbert.checkpoints.passing_on import bound_of_states, passing_on
from kerasbert.checkpoints.places import Arrays, Place, dense
from kerasbert.config import EncoderConfig, TransformerConfig
from kerasbert.errors import InputError
from kerasbert.heads.head import Head
from kerasbert.heads.public_layer import PublicLayer


def add_masked_lm(
    leaving: Leaving,
    family: Family,
    architecture: EncoderConfig,
    arrays: Arrays,
    config: Mapping[str, Any],
) -> None:
    """The masked-LM head of a pre-trained run, if the public class has one of its form."""
    others = {path.split("/")[0] for path in arrays} - {"embedding", "encoder", "pooling"}
    of_masked_lm = {name for name in others if name.startswith("masked_lm")}
    if others - of_masked_lm:
        left = ", ".join(sorted(others - of_masked_lm))
        leaving.left_out.append(f"Heads of the objectives: {left}.")
    if "pooling/projection/kernel" in arrays and not family.pooler(architecture):
        leaving.left_out.append("The dense layer of the pooling.")
    if not of_masked_lm:
        return
    head = family.masked_lm(architecture)
    usual = {"activation": "gelu", "epsilon": 1e-12}
    ours = config.get("masked_lm_head") or usual
    if ours != head.to_json() or _nowhere(head.places, arrays):
        leaving.left_out.append(
            "The masked-LM head: the public class has one of another form, "
            f"{head.to_json()} where ours is {ours}."
        )
        return
    leaving.tensors |= head.write(arrays)
    leaving.holds = "masked-lm"


def _nowhere(places: list[Place], arrays: Arrays) -> list[str]:
    """Weights that are not 0, and for which theirs has none."""
    return [place.path for place in places if not place.names and arrays[place.path].any()]


def add_fine_tuned(
    leaving: Leaving,
    family: Family,
    architecture: EncoderConfig,
    arrays: Arrays,
    model: keras.Model,
    config: Mapping[str, Any],
    head: Head,
) -> None:
    """The head of a fine-tuned run.

    Raises:
        InputError: no public class computes what it does.
    """
    layer = head.public_layer()
    if layer is None:
        raise InputError(
            f"a head {head.name!r} cannot leave, only one of classification, regression, tagging or"
            " question answering."
        )
    if head.by_token:
        _add_layer(leaving, family, architecture, arrays, layer)
    else:
        refuse_texts_in_parts(config)
        _add_text_layer(leaving, family, architecture, arrays, model.get_layer("pooling"), layer)
    leaving.holds = layer.holds
    leaving.config |= layer.config
    if svms_of(arrays):
        leaving.left_out.append(
            f"The linear SVMs, whose weights are in {BESIDE_WEIGHTS}: the model answers by its"
            " network alone. Fine-tune with --no-linear-svm for one that is whole."
        )
    leaving.left_out.append(layer.left_out)


def refuse_texts_in_parts(config: Mapping[str, Any]) -> None:
    """Raises InputError for a run that encodes parts of what it reads."""
    encoder = "or the encoder, --to sentence-transformers."
    if config.get("windows"):
        raise InputError(
            "a run with --long windows reads a text in parts, which no public class does. What can"
            f" leave: one with --long cut; {encoder}"
        )
    if config.get("pair") == "apart":
        raise InputError(
            "a run with --pair apart compares the vectors of two texts, which no public class does."
            f" What can leave: one with --pair together; {encoder}"
        )


def _add_text_layer(
    leaving: Leaving,
    family: Family,
    architecture: EncoderConfig,
    arrays: Arrays,
    pooling: Any,
    head: PublicLayer,
) -> None:
    """A head that is one linear layer on the pooled state of a text.

    Raises:
        InputError: the public class has more than that.
    """
    layers = family.classifier(architecture)
    if "classifier_transform/kernel" in arrays and pooling.mode != layers.pooling:
        leaving.config["classifier_pooling"] = pooling.mode
    given = arrays | text_layers(layers, architecture, arrays, pooling, head)
    if nowhere := _nowhere(layers.places, given):
        raise InputError(f"{', '.join(nowhere)}: the public class has no such weights.")
    for place in layers.all_places(architecture.d_model, len(given["logits/bias"])):
        leaving.tensors |= place.write(given[place.path])


def text_layers(
    layers: ClassifierHead,
    architecture: EncoderConfig,
    arrays: Arrays,
    pooling: Any,
    head: PublicLayer,
) -> Arrays:
    """The weights of the dense layer and of the logits of a class, so that it answers as the run.

    Raises:
        InputError: the class has more than that.
    """
    given = {f"logits/{end}": array for end, array in _in_their_unit(arrays, head).items()}
    if "classifier_transform/kernel" in arrays:  # it came in with one
        return given
    return given | _without_dense_layer(layers, architecture, arrays | given, pooling)


def _in_their_unit(arrays: Arrays, head: PublicLayer) -> Arrays:
    """ "kernel" and "bias" of a layer, so that its outputs are the answers."""
    kernel, bias = (arrays[f"{head.layer}/{end}"] for end in ("kernel", "bias"))
    if head.unit is not None:
        factors, summands = map(np.asarray, head.unit)
        kernel, bias = kernel * factors, bias * factors + summands
    return {"kernel": kernel.astype(np.float32), "bias": bias.astype(np.float32)}


def _add_layer(
    leaving: Leaving,
    family: Family,
    architecture: EncoderConfig,
    arrays: Arrays,
    head: PublicLayer,
) -> None:
    """A head that is one linear layer on the states of tokens; its class has no pooler.

    Raises:
        InputError: the public class has more than that.
    """
    if not family.plain_token_heads:
        raise InputError(
            f"{leaving.config['model_type']}: its public class has a dense layer before the scores"
            " of tokens, which the run has not. What can leave: a run that began with BERT,"
            " RoBERTa, DistilBERT or ELECTRA."
        )
    for place in family.pooler(architecture):
        for name in place.names:
            leaving.tensors.pop(name, None)
    width, outputs = arrays[f"{head.layer}/kernel"].shape
    for place in dense(head.public, head.layer, width, outputs):
        leaving.tensors |= place.write(arrays[place.path])


def _without_dense_layer(
    layers: ClassifierHead, config: EncoderConfig, arrays: Arrays, pooling: Any
) -> Arrays:
    """The weights of a dense layer that passes pooled states on, and of the logits behind it."""
    if pooling.mode != "cls" or layers.epsilon is not None:
        why = f"the classifier pools by {pooling.mode}; public ones read [CLS]"
        if layers.epsilon is not None:
            why = "the public class normalizes the pooled states once more"
        raise InputError(
            f"{why}. What can leave: a run with --pooling cls of BERT, RoBERTa, DistilBERT or"
            " ELECTRA; or the encoder, --to sentence-transformers."
        )
    assert isinstance(config, TransformerConfig)
    bound = bound_of_states(arrays, config.layers)
    return passing_on(arrays, layers.activation, bound)
