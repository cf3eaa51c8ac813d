"""A preset of KerasHub: its backbone, and the same in the form of Hugging Face where it has one."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasbert.checkpoints.keras_hub_names import FORMS, to_hugging_face
from kerasbert.checkpoints.keras_hub_tokenizer import write_tokenizer_files
from kerasbert.checkpoints.public_folder import WEIGHTS, Files
from kerasbert.checkpoints.tensors import save_tensors
from kerasbert.errors import InputError
from kerasbert.files import write_json
from kerasbert.without_tensorflow import import_keras_hub, tensorflow_hidden

CONFIG = "config.json"
_WEIGHTS = ("model.weights.h5", "model.weights.json")  # in one file, or the index of several


def is_preset(folder: Path) -> bool:
    """Whether a folder is a preset of KerasHub."""
    files = Files(folder)
    if not files.has(CONFIG):
        return False
    try:
        values = files.json(CONFIG)
    except InputError:
        return False
    return "class_name" in values and "model_type" not in values and "stage" not in values


def load_backbone(folder: Path) -> Any:
    """The backbone of a preset.

    Raises:
        InputError: KerasHub is not installed, does not know the class, or cannot load the weights.
    """
    values = Files(folder).json(CONFIG)
    name, module = values.get("class_name"), str(values.get("module"))
    models = import_keras_hub().models
    known = getattr(models, str(name), None)
    if not module.startswith(("keras_hub.", "keras_nlp.")) or known is None:
        raise InputError(
            f"{folder / CONFIG}: {module}.{name} is unknown to KerasHub, expected one of its"
            " backbones for text, such as BertBackbone. Its code is not run."
        )
    if not any((folder / file).is_file() for file in _WEIGHTS):
        raise InputError(f"{folder}: there is no {_WEIGHTS[0]}. Download the preset again.")
    try:
        with tensorflow_hidden():
            return models.Backbone.from_preset(str(folder))
    except Exception as error:  # of h5py, Keras or KerasHub
        raise InputError(
            f"{folder}: KerasHub cannot load the preset. A file is damaged or not complete, or of"
            f" another model than {CONFIG}: download it again. It says: {str(error)[:300]}"
        ) from None


def arrays_of(backbone: Any) -> dict[str, np.ndarray]:
    """The weights of a backbone by their paths, float32."""
    return {
        weight.path: np.asarray(keras.ops.convert_to_numpy(weight)).astype(np.float32)
        for weight in backbone.weights
    }


def write_as_hugging_face(folder: Path, out: Path) -> Any:
    """Write a preset in the form of Hugging Face; or only its tokenizer where it has no such form.

    Args:
        folder: of the preset.
        out: of the files to come.

    Returns:
        None; or the backbone, if it is of a class that only KerasHub has.

    Raises:
        InputError: see `load_backbone` and `write_tokenizer_files`.
    """
    write_tokenizer_files(folder, out)
    backbone = load_backbone(folder)
    form = FORMS.get(type(backbone).__name__)
    if form is None:
        return backbone
    config = backbone.get_config()
    write_json(out / CONFIG, form.settings(config))
    save_tensors(out / WEIGHTS, to_hugging_face(form, config, arrays_of(backbone)))
    return None
