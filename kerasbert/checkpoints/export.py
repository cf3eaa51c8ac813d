"""A run leaves: as a folder that transformers and sentence-transformers load."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasbert.checkpoints.family import Family
from kerasbert.checkpoints.heads import ClassifierHead
from kerasbert.checkpoints.keras_hub_out import export_keras_hub
from kerasbert.checkpoints.leaving import Leaving, encoder_leaving, family_leaving
from kerasbert.checkpoints.passing_on import bound_of_states, passing_on
from kerasbert.checkpoints.places import Arrays, Place, dense
from kerasbert.checkpoints.public_folder import WEIGHTS
from kerasbert.checkpoints.sentence_pooling import write_pooling
from kerasbert.checkpoints.tensors import save_tensors
from kerasbert.checkpoints.tokenizer_out import write_tokenizer
from kerasbert.choices import PublicForm
from kerasbert.config import EncoderConfig, TransformerConfig
from kerasbert.errors import InputError
from kerasbert.files import atomic_folder, write_json
from kerasbert.heads.classification.head import Classification
from kerasbert.heads.head import PublicLayer
from kerasbert.heads.registry import load_head
from kerasbert.models.transfer import weights_of
from kerasbert.report.public_card import public_card
from kerasbert.runs.folder import RunFolder, versions

CLASSES = {"encoder": "Model", "masked-lm": "ForMaskedLM"} | {
    "classifier": "ForSequenceClassification",
    "tagger": "ForTokenClassification",
    "answering": "ForQuestionAnswering",
}
PROBLEMS = {"multi-label": "multi_label_classification"}
BESIDE = "kerasbert.json"  # what no public class holds
BESIDE_WEIGHTS = "kerasbert.safetensors"


def export(run: str | Path, out: str | Path, form: PublicForm = "huggingface") -> dict[str, Any]:
    """Write a run as a public model.

    Args:
        run: the folder of a run whose encoder is of a public family.
        out: the folder to write, whole or not at all.
        form: "huggingface" for transformers: the classifier of a fine-tuned run, the masked-LM head
            of a pre-trained one, or the encoder; "sentence-transformers": encoder and pooling;
            "keras-hub": the encoder as a preset; see `export_keras_hub`.

    Returns:
        what was written, and what was left out.

    Raises:
        InputError: no public class computes what the run does, or `out` holds something.
    """
    if form == "keras-hub":
        return export_keras_hub(run, out)
    out = RunFolder.create(out).path
    folder = RunFolder.open(run)
    config, architecture, tokenizer = folder.config(), folder.architecture(), folder.tokenizer()
    try:
        family = family_leaving(architecture)
        assert architecture is not None
        model = folder.load_model()
        arrays = {
            path: np.asarray(keras.ops.convert_to_numpy(variable))
            for path, variable in weights_of(model).items()
        }
        leaving = encoder_leaving(family, architecture, arrays, pairs=config.get("texts") == 2)
        if config["stage"] == "finetune":
            head = load_head(folder.path, config)
            if form == "huggingface":
                _add_classifier(leaving, family, architecture, arrays, model, config, head)
            else:
                leaving.left_out.append(f"The head: {head.about()}.")
        else:
            _add_heads(leaving, family, architecture, arrays, config)
        pooling = _pooling(architecture, model, config) if form != "huggingface" else None
    except InputError as error:
        raise InputError(f"{run}: {error}") from None
    name = family.class_name[leaving.config["model_type"]] + CLASSES[leaving.holds]
    special = tokenizer.special
    leaving.config = {
        "architectures": [name],
        **leaving.config,
        "pad_token_id": special.pad,
        "bos_token_id": special.cls,
        "eos_token_id": special.sep,
        "cls_token_id": special.cls,
        "sep_token_id": special.sep,
        "dtype": "float32",
    }
    metrics = folder.read_json("metrics.json")
    beside = _beside(metrics, config, arrays)
    length = config.get("max_length") or folder.trained_length(architecture.max_positions)
    result = {
        "form": form,
        "class": name,
        "weights": int(sum(array.size for array in leaving.tensors.values())),
        "left_out": leaving.left_out,
    }
    with atomic_folder(out) as made:
        try:
            segments = leaving.config.get("type_vocab_size", 1) > 1
            write_tokenizer(made, tokenizer, length, segments, config.get("texts") == 2)
        except InputError as error:
            raise InputError(f"{run}: {error}") from None
        save_tensors(made / WEIGHTS, _prefixed(leaving, family))
        write_json(made / "config.json", leaving.config)
        if pooling is not None:
            write_pooling(made, pooling, architecture.d_model, length)
        if beside:
            write_json(made / BESIDE, beside)
            if svms := {path: array for path, array in arrays.items() if "token_scores/" in path}:
                save_tensors(made / BESIDE_WEIGHTS, svms)
        figures = []
        if config["stage"] == "finetune" and leaving.holds != "encoder" and "valid" in metrics:
            figures = head.table(metrics)
        public_card(
            made / "README.md", out.name, leaving.holds, config, leaving.left_out,
            sentences=pooling is not None, figures=figures,
        )  # fmt: skip
    return result


def _add_heads(
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


def _add_classifier(
    leaving: Leaving,
    family: Family,
    architecture: EncoderConfig,
    arrays: Arrays,
    model: keras.Model,
    config: Mapping[str, Any],
    head: Any,
) -> None:
    """The head of a fine-tuned run.

    Raises:
        InputError: the public class classifies in another way.
    """
    if (of_tokens := head.public_layer()) is not None:
        _add_layer(leaving, family, architecture, arrays, of_tokens)
        return
    if not isinstance(head, Classification):
        raise InputError(
            f"a head {head.name!r} cannot leave, only one of classification or tagging."
        )
    if config.get("windows"):
        raise InputError(
            "a run with --long windows reads a text in parts, which no public class does. What can"
            " leave: one with --long cut."
        )
    layers, pooling = family.classifier(architecture), model.get_layer("pooling")
    given = dict(arrays)
    if "classifier_transform/kernel" not in arrays:
        given |= _without_dense_layer(layers, architecture, arrays, pooling)
    elif pooling.mode != layers.pooling:
        leaving.config["classifier_pooling"] = pooling.mode
    labels = head.labels.names
    if nowhere := _nowhere(layers.places, given):
        raise InputError(f"{', '.join(nowhere)}: the public class has no such weights.")
    for place in layers.all_places(architecture.d_model, len(labels)):
        leaving.tensors |= place.write(given[place.path])
    leaving.holds = "classifier"
    leaving.config |= {
        "id2label": {str(number): name for number, name in enumerate(labels)},
        "label2id": {name: number for number, name in enumerate(labels)},
        "problem_type": PROBLEMS.get(head.kind, "single_label_classification"),
    }
    if any("token_scores/" in path for path in arrays):
        leaving.left_out.append(
            f"The linear SVMs, whose weights are in {BESIDE_WEIGHTS}: the model answers by its"
            " network alone. Fine-tune with --no-linear-svm for one that is whole."
        )
    leaving.left_out.append(
        f"How logits become labels: temperature and thresholds are in {BESIDE}."
    )


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
    leaving.left_out = [line for line in leaving.left_out if not line.startswith("A pooler")]
    width, outputs = arrays[f"{head.layer}/kernel"].shape
    for place in dense(head.public, head.layer, width, outputs):
        leaving.tensors |= place.write(arrays[place.path])
    leaving.holds = head.holds
    leaving.config |= head.config
    leaving.left_out.append(head.left_out)


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


def _pooling(architecture: EncoderConfig, model: keras.Model, config: Mapping[str, Any]) -> str:
    """How sentence-transformers makes one vector of a text.

    Raises:
        InputError: not in any way that it has.
    """
    mode = architecture.pooling
    if config["stage"] == "finetune":
        mode = model.get_layer("pooling").mode
    if mode == "mean-max":
        raise InputError(
            "the run pools by mean-max, which sentence-transformers joins the other way round."
            " What can leave: one with --pooling mean, max or cls."
        )
    return mode


def _beside(
    metrics: Mapping[str, Any], config: Mapping[str, Any], arrays: Arrays
) -> dict[str, Any]:
    """What no public class holds."""
    if config["stage"] != "finetune":
        return {}
    names = ("kind", "decision", "threshold", "calibration", "no_answer", "counted_by")
    return {
        "versions": versions(),
        "max_length": config.get("max_length"),
        **{name: config[name] for name in ("answer_length", "windows") if config.get(name)},
        "linear_svm": any("token_scores/" in path for path in arrays),
        **{name: metrics[name] for name in names if name in metrics},
    }


def _prefixed(leaving: Leaving, family: Family) -> Arrays:
    """The tensors by the names that they have in a model with a head, or in one without."""
    if leaving.holds == "encoder":
        return leaving.tensors
    prefix = family.prefixes[0]
    return {
        (prefix + name if name.split(".")[0] in family.parts else name): array
        for name, array in leaving.tensors.items()
    }
