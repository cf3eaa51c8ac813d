"""A public model becomes a run folder: then every command works on it."""

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasbert.checkpoints.bert import Bert
from kerasbert.checkpoints.distilbert import DistilBert
from kerasbert.checkpoints.electra import Electra
from kerasbert.checkpoints.family import Family
from kerasbert.checkpoints.modernbert import ModernBert
from kerasbert.checkpoints.public_folder import PublicFolder, Settings
from kerasbert.checkpoints.roberta import Roberta
from kerasbert.checkpoints.sentence_pooling import read_pooling
from kerasbert.checkpoints.shapes import Arrays, Head
from kerasbert.checkpoints.tensors import Tensors
from kerasbert.checkpoints.vocabulary import read_tokenizer
from kerasbert.config import EncoderConfig
from kerasbert.errors import InputError
from kerasbert.files import missing_folders, remove_empty
from kerasbert.layers import Pooling
from kerasbert.models import build_embedding, build_encoder
from kerasbert.models.encoder import encode
from kerasbert.models.pretrain import read_states
from kerasbert.models.transfer import weights_of
from kerasbert.runs.folder import RunFolder
from kerasbert.runs.loading import no_random_weights
from kerasbert.tasks import MaskedLM
from kerasbert.tokenizer.tokenizer import Tokenizer

_ALL: list[Family] = [Bert(), Roberta(), DistilBert(), Electra(), ModernBert()]
FAMILIES: dict[str, Family] = {name: family for family in _ALL for name in family.model_types}


def convert(source: str | Path, out: str | Path) -> dict[str, Any]:
    """Read a public model, and write it as the folder of a pre-training run.

    Args:
        source: a folder in the form of Hugging Face: config.json, safetensors, and tokenizer.json
            or the vocabulary files.
        out: the folder to write, whole or not at all.

    Returns:
        what metrics.json says: family, sizes, and what was not read.

    Raises:
        InputError: the folder cannot be read, or is of a kind that is not read; or `out` holds
            something.
    """
    out = RunFolder.create(out).path
    folder = PublicFolder(source)
    family = family_of(folder.settings)
    tokenizer = read_tokenizer(folder, family.vocabulary_files)
    architecture = family.architecture(folder.settings)
    pooling, modules = read_pooling(folder)
    with Tensors(folder, family.prefixes, family.probe) as tensors:
        arrays = family.arrays(tensors, architecture)
        pooler = family.pooler(tensors, architecture) if pooling is None else None
        head = family.head(tensors, architecture) if tokenizer.special.mask is not None else None
        unread = {"weights": tensors.unread, "settings": folder.settings.unread, **modules}
    architecture, spare = _fitted(folder, architecture, tokenizer, arrays, head)
    if pooling is not None:
        architecture = replace(architecture, pooling=pooling)
    model = _filled(architecture, arrays, pooler, head)
    result = {
        "family": folder.settings.model_type,
        "encoder": architecture.encoder,
        "weights": model.count_params(),
        "vocabulary": tokenizer.vocabulary_size,
        "rows_without_a_token": spare,
        "positions": architecture.max_positions,
        "pooling": architecture.pooling,
        "masked_lm": head is not None,
        "not_read": {kind: names for kind, names in unread.items() if names},
    }
    of_head = None
    if head is not None:  # what pre-training that goes on with it must tell `MaskedLM`
        of_head = {"activation": head.activation, "epsilon": head.epsilon}
    _write(out, folder, architecture, tokenizer, model, result, masked_lm_head=of_head)
    return result


def open_source(path: str | Path) -> RunFolder:
    """What `--pretrained` names: the folder of a finished run, or of a public model.

    A public model is converted into a folder that goes with the `RunFolder` that is returned.

    Raises:
        InputError: it is neither; see `RunFolder.open` and `convert`.
    """
    path = Path(path)
    return _Converted(path) if RunFolder(path).holds_public_model else RunFolder.open(path)


class _Converted(RunFolder):
    """The run folder of a public model, on the disk as long as this object lives."""

    def __init__(self, source: Path):
        self._kept = tempfile.TemporaryDirectory(prefix="kerasbert-")
        super().__init__(Path(self._kept.name) / "run")
        convert(source, self.path)


def family_of(settings: Settings) -> Family:
    """The family of a model.

    Raises:
        InputError: none of ours.
    """
    if (family := FAMILIES.get(str(settings.model_type))) is None:
        raise InputError(
            f"{settings.path}: model_type {settings.model_type!r} is not read, expected one of"
            f" {', '.join(FAMILIES)}."
        )
    return family


def _fitted(
    folder: PublicFolder,
    architecture: EncoderConfig,
    tokenizer: Tokenizer,
    arrays: Arrays,
    head: Head | None,
) -> tuple[EncoderConfig, int]:
    """The architecture with the tokenizer's padding, and no rows but those of its tokens.

    Tables are often filled up to a round number: what no token has is left out, of the bias too.
    """
    rows, tokens = architecture.vocabulary_size, tokenizer.vocabulary_size
    if tokens > rows:
        raise InputError(
            f"{folder.path}: the tokenizer has {tokens} tokens, the model {rows} rows of"
            " embeddings. They are of different models, or tokens were added without the model."
        )
    if tokens < rows / 2:
        raise InputError(
            f"{folder.path}: the tokenizer has {tokens} tokens, the model {rows} rows of"
            " embeddings, more than twice as many. They are of different models."
        )
    arrays["embedding/token_table"] = arrays["embedding/token_table"][:tokens]
    if head is not None:
        head.arrays["masked_lm/bias"] = head.arrays["masked_lm/bias"][:tokens]
    if architecture.positions == "learned" and architecture.pad_id != tokenizer.special.pad:
        raise InputError(
            f"{folder.path}: padding is id {architecture.pad_id} in config.json and"
            f" {tokenizer.special.pad} in the tokenizer. They are of different models."
        )
    pad_id = tokenizer.special.pad
    return replace(architecture, vocabulary_size=tokens, pad_id=pad_id), rows - tokens


def _filled(
    architecture: EncoderConfig, arrays: Arrays, pooler: Arrays | None, head: Head | None
) -> keras.Model:
    """The model, with all of its weights given."""
    with no_random_weights():
        embedding, encoder = build_embedding(architecture), build_encoder(architecture)
        inputs, padding_mask, sequence = encode(embedding, encoder)
        mode, projection = (architecture.pooling, False) if pooler is None else ("cls", True)
        pooling = Pooling(mode, projection=projection, name="pooling")
        outputs = {"sequence": sequence, "pooled": pooling(sequence, padding_mask)}
        if head is not None:
            task = MaskedLM(
                architecture.vocabulary_size, activation=head.activation, epsilon=head.epsilon
            )
            inputs |= task.inputs()
            states = read_states(task, sequence, inputs)
            outputs[task.name] = task.head(embedding, states, outputs["pooled"], inputs)
        model = keras.Model(inputs, outputs, name="pretrain_model")
    given = arrays | (pooler or {}) | (head.arrays if head is not None else {})
    for path, variable in weights_of(model).items():
        variable.assign(np.ascontiguousarray(given.pop(path)).reshape(variable.shape))
    assert not given, f"no layer has {', '.join(given)}"
    return model


def _write(
    out: Path,
    folder: PublicFolder,
    architecture: EncoderConfig,
    tokenizer: Tokenizer,
    model: keras.Model,
    result: dict[str, Any],
    **more: Any,
) -> None:
    """All files of the run beside `out`, which is then renamed."""
    missing = missing_folders(out.parent)
    out.parent.mkdir(parents=True, exist_ok=True)
    made = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        made.mkdir()
        run = RunFolder(made)
        tokenizer.save(run.file("tokenizer.json"))
        settings = {"source": str(folder.path), "max_length": architecture.max_positions}
        used = {"pooling": architecture.pooling}
        run.write_config("pretrain", architecture, settings, used, seed=0, segmenter=None, **more)
        run.save_model(model)
        run.write_json("metrics.json", result)
        if out.exists():
            out.rmdir()  # an empty one, as `RunFolder.create` has seen
        made.rename(out)
    finally:
        shutil.rmtree(made, ignore_errors=True)
        remove_empty(missing)
