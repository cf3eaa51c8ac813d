"""A public model becomes a run folder: then every command works on it."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasbert.checkpoints.backbone import convert_backbone
from kerasbert.checkpoints.classifier import PublicClassifier, read_classifier
from kerasbert.checkpoints.encoder import PublicEncoder, read_encoder
from kerasbert.checkpoints.families import family_of
from kerasbert.checkpoints.hub import is_address
from kerasbert.checkpoints.opened import opened
from kerasbert.checkpoints.places import Arrays, read
from kerasbert.checkpoints.public_folder import PublicFolder
from kerasbert.checkpoints.sentence_pooling import read_pooling
from kerasbert.checkpoints.tensors import Tensors
from kerasbert.checkpoints.tokenizer_out import same_rows
from kerasbert.checkpoints.vocabulary import read_tokenizer
from kerasbert.config import EncoderConfig
from kerasbert.errors import InputError
from kerasbert.files import atomic_folder
from kerasbert.models.transfer import weights_of
from kerasbert.report.public_card import converted_card
from kerasbert.runs.folder import RunFolder
from kerasbert.runs.loading import no_random_weights
from kerasbert.tokenizer.tokenizer import Tokenizer


def convert(
    source: Any, out: str | Path, pairs: bool = False, tokenizer: Any = None
) -> dict[str, Any]:
    """Read a public model, and write it as the folder of a run.

    A classifier (...ForSequenceClassification) becomes a fine-tuned run, which `predict` asks;
    whatever else a pre-trained one.

    Args:
        source: a folder in the form of Hugging Face: config.json, safetensors, and tokenizer.json
            or the vocabulary files; one on the hub, hf://owner/name[@revision]; a preset of
            KerasHub, or a checkpoint of Google; or, in Python, a `Backbone` of KerasHub.
        out: the folder to write, whole or not at all.
        pairs: whether the texts of a classifier are pairs, which no file of the folder says.
        tokenizer: KerasHub's, of a `Backbone`.

    Returns:
        what metrics.json says: family, sizes, and what was not read.

    Raises:
        InputError: the folder cannot be read, or is of a kind that is not read; or `out` holds
            something.
    """
    out = RunFolder.create(out).path
    with opened(source, tokenizer) as public:
        if public.backbone is not None:
            return convert_backbone(public, out, pairs)
        return _convert(public.folder, public.name, out, pairs)


def _convert(place: Path, source: str, out: Path, pairs: bool) -> dict[str, Any]:
    folder = PublicFolder(place)
    family = family_of(folder.settings)
    tokenizer = read_tokenizer(folder, family.vocabulary_files)
    architecture = family.architecture(folder.settings)
    pooling, modules = read_pooling(folder)
    with Tensors(folder, family.prefixes, family.table) as tensors:
        arrays = read(tensors, family.places(architecture))
        found: PublicClassifier | PublicEncoder | None
        found = read_classifier(folder.settings, family, tensors, architecture, pairs)
        if found is None:
            masks = tokenizer.special.mask is not None
            found = read_encoder(family, tensors, architecture, pooling is not None, masks)
        unread = {"weights": tensors.unread, "settings": folder.settings.unread, **modules}
    arrays |= found.arrays
    _check_pairs(folder, tokenizer, pairs, classifier=isinstance(found, PublicClassifier))
    architecture, spare = _fitted(folder, architecture, tokenizer, arrays)
    if pooling is not None:
        architecture = replace(architecture, pooling=pooling)
    with no_random_weights():
        model = found.model(architecture)
    _fill(model, arrays)
    result = {
        "family": folder.settings.model_type,
        "encoder": architecture.encoder,
        "weights": model.count_params(),
        "vocabulary": tokenizer.vocabulary_size,
        "rows_without_a_token": spare,
        "positions": architecture.max_positions,
        "pooling": architecture.pooling,
        **found.metrics(),
        "not_read": {kind: names for kind, names in unread.items() if names},
    }
    with atomic_folder(out) as made:
        run = RunFolder(made)
        tokenizer.save(run.file("tokenizer.json"))
        found.save(run)
        run.write_config(
            found.stage,
            architecture,
            {"source": source, "max_length": architecture.max_positions},
            {"pooling": architecture.pooling},
            seed=0,
            segmenter=None,
            **found.about(architecture),
        )
        run.save_model(model)
        converted_card(run.file("README.md"), out.name, result, run.config())
        run.write_json("metrics.json", result)
    return result


def open_source(path: Any, tokenizer: Any = None) -> RunFolder:
    """What `--pretrained` names: a finished run, or a public model, in a folder or on the hub.

    A public model, or a `Backbone` of KerasHub with its tokenizer, is converted into a folder that
    goes with the `RunFolder` that is returned.

    Raises:
        InputError: it is neither; see `RunFolder.open` and `convert`.
    """
    if isinstance(path, str | Path) and not is_address(path):
        run = RunFolder(path)
        if not run.holds_public_model:
            return RunFolder.open(path)
    return _Converted(path, tokenizer)


class _Converted(RunFolder):
    """The run folder of a public model, on the disk as long as this object lives."""

    def __init__(self, source: Any, tokenizer: Any = None):
        self._kept = tempfile.TemporaryDirectory(prefix="kerasbert-")
        super().__init__(Path(self._kept.name) / "run")
        convert(source, self.path, tokenizer=tokenizer)


def _check_pairs(folder: PublicFolder, tokenizer: Tokenizer, pairs: bool, classifier: bool) -> None:
    """That texts can be pairs, where the user says so."""
    if not pairs:
        return
    why = None if classifier else "it holds no classifier"
    if classifier and not same_rows(tokenizer.to_json(), tokenizer, pairs=True):
        why = "its pairs have another form than ours, [CLS] a [SEP] b [SEP]"
    if why:
        raise InputError(f"{folder.path}: --pairs: {why}. Leave it out.")


def _fitted(
    folder: PublicFolder, architecture: EncoderConfig, tokenizer: Tokenizer, arrays: Arrays
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
    if "masked_lm/bias" in arrays:
        arrays["masked_lm/bias"] = arrays["masked_lm/bias"][:tokens]
    if architecture.positions == "learned" and architecture.pad_id != tokenizer.special.pad:
        raise InputError(
            f"{folder.path}: padding is id {architecture.pad_id} in config.json and"
            f" {tokenizer.special.pad} in the tokenizer. They are of different models."
        )
    pad_id = tokenizer.special.pad
    return replace(architecture, vocabulary_size=tokens, pad_id=pad_id), rows - tokens


def _fill(model: keras.Model, given: Arrays) -> None:
    """Give a model all of its weights."""
    given = dict(given)
    for path, variable in weights_of(model).items():
        variable.assign(np.ascontiguousarray(given.pop(path)).reshape(variable.shape))
    assert not given, f"no layer has {', '.join(given)}"
