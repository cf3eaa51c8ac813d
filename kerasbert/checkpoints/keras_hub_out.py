"""A run leaves as a preset of KerasHub: backbone, tokenizer, and a head that classifies texts.

The classes of KerasHub fix the activation and the epsilon of their normalizations, so it is these
that say which of them can hold an encoder, whatever family it is of.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasbert.checkpoints.beside import write_beside
from kerasbert.checkpoints.families import FAMILIES
from kerasbert.checkpoints.keras_hub_classifier import classifier_of
from kerasbert.checkpoints.keras_hub_names import FORMS, Form, from_hugging_face
from kerasbert.checkpoints.keras_hub_tokenizer_out import keras_hub_tokenizer
from kerasbert.checkpoints.leaving import encoder_leaving, family_leaving, reads_pairs
from kerasbert.checkpoints.places import Arrays
from kerasbert.config import EncoderConfig, TransformerConfig
from kerasbert.errors import InputError
from kerasbert.files import atomic_folder
from kerasbert.models.transfer import weights_of
from kerasbert.runs.folder import RunFolder
from kerasbert.without_tensorflow import import_keras_hub

ALIKE = 1e-5  # the largest difference of a state
# Which class computes with which activation and epsilon; ELECTRA's alone has narrow tables.
CLASSES = {
    ("gelu_tanh", 1e-12): "BertBackbone",
    ("gelu", 1e-12): "DistilBertBackbone",
    ("gelu", 1e-5): "RobertaBackbone",
}


def export_keras_hub(run: str | Path, out: str | Path) -> dict[str, Any]:
    """Write a run as a preset that `Backbone.from_preset` reads, with its tokenizer.

    A classifier, or a regression, of single texts keeps its head: `TextClassifier.from_preset`.

    Args:
        run: the folder of a run whose encoder is of a public family, or of BERT's shape.
        out: the folder to write, whole or not at all.

    Returns:
        what was written, and what was left out.

    Raises:
        InputError: no class of KerasHub computes what the run does, or none has its tokens; or
            KerasHub is not installed, or `out` holds something.
    """
    out = RunFolder.create(out).path
    folder = RunFolder.open(run)
    config, architecture, tokenizer = folder.config(), folder.architecture(), folder.tokenizer()
    try:
        family_leaving(architecture)
        name = _class_for(architecture)
        assert isinstance(architecture, TransformerConfig)
        model = folder.load_model()
        arrays = {
            path: np.asarray(keras.ops.convert_to_numpy(variable))
            for path, variable in weights_of(model).items()
        }
        left_out = _left_out(arrays, FORMS[name], pairs=reads_pairs(config))
        backbone = _backbone(name, architecture, arrays)
        _check_alike(backbone, model, architecture)
        tokens = keras_hub_tokenizer(name, tokenizer)
        whole, labels, said = classifier_of(folder, backbone, tokens, model, arrays)
        pooled = "pooling/projection/kernel" in arrays
        if whole is backbone and FORMS[name].pooler and not pooled:
            left_out.append("A pooler, which the run has not: `pooled_output` is random.")
        with atomic_folder(out) as made:
            whole.save_to_preset(str(made))
            if whole is backbone:
                tokens.save_to_preset(str(made))
            write_beside(made, folder.read_json("metrics.json"), config, arrays, labels=labels)
    except InputError as error:
        raise InputError(f"{run}: {error}") from None
    return {
        "form": "keras-hub",
        "class": type(whole).__name__,
        "weights": whole.count_params(),
        "left_out": [*left_out, *said],
    }


def _class_for(architecture: EncoderConfig | None) -> str:
    """The class of KerasHub that computes what an encoder does.

    Raises:
        InputError: there is none; with what prevents it.
    """
    others = "--to huggingface writes it for transformers."
    if not isinstance(architecture, TransformerConfig):
        raise InputError(f"KerasHub has no class for its encoder; {others}")
    kind = (architecture.activation, architecture.epsilon)
    found = CLASSES.get(kind)
    if architecture.embedding_width:
        found = "ElectraBackbone" if found == "BertBackbone" else None
    if found is None:
        known = ", ".join(f"{act} with {eps:g}" for act, eps in CLASSES)
        narrow = " and tables that are not d_model wide" if architecture.embedding_width else ""
        raise InputError(
            f"no class of KerasHub has the activation {kind[0]} with an epsilon of {kind[1]:g}"
            f"{narrow}. Its classes fix both: {known}; narrow tables with gelu_tanh and 1e-12"
            f" alone. {others}"
        )
    return found


def _left_out(arrays: Arrays, form: Form, pairs: bool) -> list[str]:
    """What the class has no place for; puts into the positions what each position has anyway."""
    said = []
    if "segment" not in form.tables:
        # Each position of a single text has the first row of segments.
        rows = arrays["embedding/segment_table"]
        arrays["embedding/position_table"] = arrays["embedding/position_table"] + rows[0]
        if (rows != rows[0]).any():
            if pairs:
                raise InputError(
                    "it was trained on pairs, and the class of KerasHub with its activation has no"
                    " segments. --to huggingface writes it for transformers."
                )
            said.append("Segments: the second text of a pair is as the first.")
        arrays["embedding/segment_table"] = np.zeros_like(rows)
    if "pooling/projection/kernel" in arrays and not form.pooler:
        said.append("The dense layer of the pooling.")
    return said


def _backbone(name: str, config: TransformerConfig, arrays: Arrays) -> Any:
    """A backbone with the weights of the run."""
    form = FORMS[name]
    leaving = encoder_leaving(FAMILIES[form.model_type], config, arrays, pairs=False)
    numbers = dict.fromkeys(form.numbers)
    for argument, public in form.numbers.items():
        numbers[argument] = leaving.config[public]
    numbers["max_sequence_length"] = config.max_positions
    made = getattr(import_keras_hub().models, name)(**numbers)
    weight = from_hugging_face(form, numbers, leaving.tensors)
    for variable in made.weights:
        if (
            not variable.path.startswith("pooled_dense/")
            or "pooler.dense.weight" in leaving.tensors
        ):
            variable.assign(weight(variable.path, tuple(variable.shape)))
    return made


def _check_alike(backbone: Any, model: keras.Model, config: TransformerConfig) -> None:
    """That the backbone gives the states of the run, on rows of random tokens.

    Raises:
        InputError: it does not.
    """
    length = min(config.max_positions, 64)
    rng = np.random.default_rng(0)
    mask = np.arange(length) < np.array([length, length // 3 + 1])[:, None]
    ids = rng.integers(0, config.vocabulary_size, mask.shape)
    ids = np.where(mask & (ids != config.pad_id), ids, config.pad_id).astype("int32")
    mask = ids != config.pad_id
    rows = {"token_ids": ids, "padding_mask": mask, "segment_ids": np.zeros_like(ids)}
    given = {key: keras.ops.convert_to_tensor(rows[key].astype("int32")) for key in backbone.input}
    theirs = backbone(given)
    theirs = theirs["sequence_output"] if isinstance(theirs, dict) else theirs
    hidden = model.get_layer("embedding")(given["token_ids"])
    ours = model.get_layer("encoder")(hidden, keras.ops.convert_to_tensor(mask))
    found, expected = (np.asarray(keras.ops.convert_to_numpy(one)) for one in (theirs, ours))
    difference = float(np.abs(found - expected)[mask].max())
    if not difference <= ALIKE * max(1.0, float(np.abs(expected[mask]).max())):
        raise InputError(
            f"{type(backbone).__name__} of KerasHub gives states that differ by {difference:.1e},"
            f" expected at most {ALIKE:g}. --to huggingface writes it for transformers."
        )
