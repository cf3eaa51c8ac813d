"""A public model becomes a run folder: then every command works on it."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasbert.checkpoints.classifier import PublicClassifier, read_classifier
from kerasbert.checkpoints.families import family_of
from kerasbert.checkpoints.family import Family
from kerasbert.checkpoints.heads import MaskedLMHead
from kerasbert.checkpoints.hub import fetch, is_address
from kerasbert.checkpoints.places import Arrays, read
from kerasbert.checkpoints.public_folder import PublicFolder
from kerasbert.checkpoints.sentence_pooling import read_pooling
from kerasbert.checkpoints.tensors import Tensors
from kerasbert.checkpoints.vocabulary import read_tokenizer
from kerasbert.config import EncoderConfig
from kerasbert.errors import InputError
from kerasbert.files import atomic_folder
from kerasbert.layers import Pooling
from kerasbert.models import build_embedding, build_encoder
from kerasbert.models.encoder import encode
from kerasbert.models.pretrain import read_states
from kerasbert.models.transfer import weights_of
from kerasbert.report.public_card import converted_card
from kerasbert.runs.folder import RunFolder
from kerasbert.runs.loading import no_random_weights
from kerasbert.tasks import MaskedLM
from kerasbert.tokenizer.tokenizer import Tokenizer


def convert(source: str | Path, out: str | Path, pairs: bool = False) -> dict[str, Any]:
    """Read a public model, and write it as the folder of a run.

    A classifier (...ForSequenceClassification) becomes a fine-tuned run, which `predict` asks;
    whatever else a pre-trained one.

    Args:
        source: a folder in the form of Hugging Face: config.json, safetensors, and tokenizer.json
            or the vocabulary files; or one on the hub, hf://owner/name[@revision].
        out: the folder to write, whole or not at all.
        pairs: whether the texts of a classifier are pairs, which no file of the folder says.

    Returns:
        what metrics.json says: family, sizes, and what was not read.

    Raises:
        InputError: the folder cannot be read, or is of a kind that is not read; or `out` holds
            something.
    """
    out = RunFolder.create(out).path
    place, source = fetch(source) if is_address(source) else (source, str(source))
    folder = PublicFolder(place)
    family = family_of(folder.settings)
    tokenizer = read_tokenizer(folder, family.vocabulary_files)
    architecture = family.architecture(folder.settings)
    pooling, modules = read_pooling(folder)
    pooler, head = None, None
    with Tensors(folder, family.prefixes, family.table) as tensors:
        arrays = read(tensors, family.places(architecture))
        classifier = read_classifier(folder.settings, family, tensors, architecture)
        if classifier is not None:
            arrays |= classifier.arrays
        else:
            pooler = _read_pooler(family, tensors, architecture) if pooling is None else None
            if tokenizer.special.mask is not None:
                head = _read_head(family, tensors, architecture)
            arrays |= (pooler or {}) | (head[1] if head is not None else {})
        unread = {"weights": tensors.unread, "settings": folder.settings.unread, **modules}
    architecture, spare = _fitted(folder, architecture, tokenizer, arrays)
    if pooling is not None:
        architecture = replace(architecture, pooling=pooling)
    if pairs and (classifier is None or not family.segments):
        why = "its pairs have another form than ours" if classifier else "it holds no classifier"
        raise InputError(f"{folder.path}: --pairs: {why}. Leave it out.")
    with no_random_weights():
        model = (
            _classifier_model(architecture, classifier)
            if classifier is not None
            else _encoder_model(architecture, pooler is not None, head[0] if head else None)
        )
    _fill(model, arrays)
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
    settings = {"source": source, "max_length": architecture.max_positions}
    used = {"pooling": architecture.pooling}

    def describe(run: RunFolder) -> None:
        shared: dict[str, Any] = {"settings": settings, "used": used, "seed": 0, "segmenter": None}
        if classifier is not None:
            classifier.head.save(run.path)
            shared |= {"head": classifier.head.name, **classifier.head.to_json()}
            shared |= {"max_length": architecture.max_positions, "texts": 2 if pairs else 1}
            run.write_config("finetune", architecture, **shared)
        else:  # what pre-training that goes on with the head must tell `MaskedLM`
            of_head = head[0].to_json() if head is not None else None
            run.write_config("pretrain", architecture, **shared, masked_lm_head=of_head)

    if classifier is not None:
        result |= {
            "head": classifier.head.name,
            "kind": classifier.head.kind,
            "labels": len(classifier.head.labels),
            "decision": classifier.decision.to_json(),
            "threshold": classifier.decision.common,
            "thresholds": "half",
        }
    _write(out, tokenizer, model, describe, result)
    return result


def open_source(path: str | Path) -> RunFolder:
    """What `--pretrained` names: a finished run, or a public model, in a folder or on the hub.

    A public model is converted into a folder that goes with the `RunFolder` that is returned.

    Raises:
        InputError: it is neither; see `RunFolder.open` and `convert`.
    """
    public = is_address(path) or RunFolder(path).holds_public_model
    return _Converted(path) if public else RunFolder.open(path)


class _Converted(RunFolder):
    """The run folder of a public model, on the disk as long as this object lives."""

    def __init__(self, source: str | Path):
        self._kept = tempfile.TemporaryDirectory(prefix="kerasbert-")
        super().__init__(Path(self._kept.name) / "run")
        convert(source, self.path)


def _read_pooler(family: Family, tensors: Tensors, config: EncoderConfig) -> Arrays | None:
    """The weights of a pooling of [CLS] with tanh, if the folder has one."""
    places = family.pooler(config)
    return read(tensors, places) if places and tensors.has(places[0].names[0]) else None


def _read_head(
    family: Family, tensors: Tensors, config: EncoderConfig
) -> tuple[MaskedLMHead, Arrays] | None:
    """The masked-LM head, if the folder has one that is ours."""
    head = family.masked_lm(config)
    found = head.read(tensors, family.table, config.vocabulary_size)
    return (head, found) if found is not None else None


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


def _encoder_model(
    architecture: EncoderConfig, pooler: bool, head: MaskedLMHead | None
) -> keras.Model:
    """States, pooled vectors, and the scores of a masked-LM head where there is one."""
    embedding, encoder = build_embedding(architecture), build_encoder(architecture)
    inputs, padding_mask, sequence = encode(embedding, encoder)
    pooling = Pooling("cls" if pooler else architecture.pooling, projection=pooler, name="pooling")
    outputs = {"sequence": sequence, "pooled": pooling(sequence, padding_mask)}
    if head is not None:
        task = MaskedLM(architecture.vocabulary_size, **head.to_json())  # type: ignore[arg-type]
        inputs |= task.inputs()
        states = read_states(task, sequence, inputs)
        outputs[task.name] = task.head(embedding, states, outputs["pooled"], inputs)
    return keras.Model(inputs, outputs, name="pretrain_model")


def _classifier_model(architecture: EncoderConfig, classifier: PublicClassifier) -> keras.Model:
    """Logits of labels."""
    embedding, encoder = build_embedding(architecture), build_encoder(architecture)
    inputs, padding_mask, sequence = encode(embedding, encoder)
    logits = classifier.output(sequence, padding_mask, inputs)
    return keras.Model(inputs, logits, name=classifier.head.name)


def _fill(model: keras.Model, given: Arrays) -> None:
    """Give a model all of its weights."""
    given = dict(given)
    for path, variable in weights_of(model).items():
        variable.assign(np.ascontiguousarray(given.pop(path)).reshape(variable.shape))
    assert not given, f"no layer has {', '.join(given)}"


def _write(
    out: Path,
    tokenizer: Tokenizer,
    model: keras.Model,
    describe: Callable[[RunFolder], None],
    result: dict[str, Any],
) -> None:
    """All files of the run, or none; metrics.json last."""
    with atomic_folder(out) as made:
        run = RunFolder(made)
        tokenizer.save(run.file("tokenizer.json"))
        describe(run)
        run.save_model(model)
        converted_card(run.file("README.md"), out.name, result, run.config())
        run.write_json("metrics.json", result)
