"""A run leaves: as a folder that transformers and sentence-transformers load."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasbert.checkpoints.beside import write_beside
from kerasbert.checkpoints.family import Family
from kerasbert.checkpoints.heads_out import add_fine_tuned, add_masked_lm
from kerasbert.checkpoints.keras_hub_out import export_keras_hub
from kerasbert.checkpoints.leaving import Leaving, encoder_leaving, family_leaving, reads_pairs
from kerasbert.checkpoints.places import Arrays
from kerasbert.checkpoints.public_folder import WEIGHTS
from kerasbert.checkpoints.sentence_pooling import write_pooling
from kerasbert.checkpoints.tensors import save_tensors
from kerasbert.checkpoints.tokenizer_out import write_tokenizer
from kerasbert.choices import PublicForm
from kerasbert.config import EncoderConfig
from kerasbert.errors import InputError
from kerasbert.files import atomic_folder, write_json
from kerasbert.heads.registry import load_head
from kerasbert.models.transfer import weights_of
from kerasbert.report.public_card import public_card
from kerasbert.runs.folder import RunFolder

CLASSES = {"encoder": "Model", "masked-lm": "ForMaskedLM"} | {
    "classifier": "ForSequenceClassification",
    "tagger": "ForTokenClassification",
    "answering": "ForQuestionAnswering",
}
OF_TOKENS = ("tagger", "answering")  # their classes have no pooler


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
        pairs = reads_pairs(config)
        leaving = encoder_leaving(family, architecture, arrays, pairs)
        if config["stage"] == "finetune":
            head = load_head(folder.path, config)
            if form == "huggingface":
                add_fine_tuned(leaving, family, architecture, arrays, model, config, head)
            else:
                leaving.left_out.append(f"The head: {head.about()}.")
        else:
            add_masked_lm(leaving, family, architecture, arrays, config)
        pooler = [name for place in family.pooler(architecture) for name in place.names]
        if leaving.holds not in OF_TOKENS and not leaving.tensors.keys() >= set(pooler):
            leaving.left_out.append(
                "A pooler, which the run has not: `pooler_output` of AutoModel is random."
            )
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
            write_tokenizer(made, tokenizer, length, segments, pairs)
        except InputError as error:
            raise InputError(f"{run}: {error}") from None
        save_tensors(made / WEIGHTS, _prefixed(leaving, family))
        write_json(made / "config.json", leaving.config)
        if pooling is not None:
            write_pooling(made, pooling, architecture.d_model, length)
        write_beside(made, metrics, config, arrays)
        figures = []
        if config["stage"] == "finetune" and leaving.holds != "encoder" and "valid" in metrics:
            figures = head.table(metrics)
        public_card(
            made / "README.md", out.name, leaving.holds, config, leaving.left_out,
            sentences=pooling is not None, figures=figures,
        )  # fmt: skip
    return result


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


def _prefixed(leaving: Leaving, family: Family) -> Arrays:
    """The tensors by the names that they have in a model with a head, or in one without."""
    if leaving.holds == "encoder":
        return leaving.tensors
    prefix = family.prefixes[0]
    return {
        (prefix + name if name.split(".")[0] in family.parts else name): array
        for name, array in leaving.tensors.items()
    }
