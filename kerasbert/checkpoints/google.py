"""Google's BERT checkpoints: bert_config.json, vocab.txt and bert_model.ckpt.*.

TensorFlow reads the checkpoint, in a process of its own; names and numbers are then those of
Hugging Face. The GELU of `hidden_act` is the exact one, as transformers has it for these models.

Source: Devlin et al. 2019, https://github.com/google-research/bert.
"""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from kerasbert.checkpoints.public_folder import WEIGHTS, json_of, read_text
from kerasbert.checkpoints.tensors import save_tensors
from kerasbert.errors import InputError
from kerasbert.files import write_json, write_text

CONFIG = "bert_config.json"
VOCABULARY = "vocab.txt"
_TABLES = ("word_embeddings", "position_embeddings", "token_type_embeddings")
_RENAMED = {  # names that say something else in Hugging Face's form
    "cls/predictions/output_bias": "cls.predictions.bias",
    "cls/seq_relationship/output_weights": "cls.seq_relationship.weight",
    "cls/seq_relationship/output_bias": "cls.seq_relationship.bias",
    "output_weights": "classifier.weight",
    "output_bias": "classifier.bias",
}
_LAST = {"kernel": "weight", "gamma": "weight", "beta": "bias", "bias": "bias"}


def is_google(folder: Path) -> bool:
    """Whether a folder is one of Google's."""
    return (folder / CONFIG).is_file() and not (folder / "config.json").exists()


def write_as_hugging_face(folder: Path, out: Path) -> None:
    """Write one of Google's folders in the form of Hugging Face.

    Raises:
        InputError: a file is missing or damaged, TensorFlow is not installed, or the checkpoint is
            none of a BERT.
    """
    settings = json_of(folder / CONFIG, read_text(folder / CONFIG))
    if not isinstance(settings, dict):
        raise InputError(f"{folder / CONFIG}: expected a JSON object.")
    words = read_text(folder / VOCABULARY)
    weights = _weights(_prefix(folder), out / "checkpoint.npz")
    write_json(out / "config.json", {**settings, "model_type": "bert"})
    write_text(out / VOCABULARY, words)
    write_json(out / "tokenizer_config.json", {"do_lower_case": not is_cased(words)})
    save_tensors(out / WEIGHTS, weights)


def is_cased(words: str) -> bool:
    """Whether a vocabulary, a token a line, tells capitals: no file of the folder says it."""
    return any(re.match(r"(##)?[A-Z]", token) for token in words.split("\n"))


def public_name(name: str) -> str:
    """What Hugging Face calls a weight of a checkpoint."""
    if name in _RENAMED:
        return _RENAMED[name]
    *parts, last = re.sub(r"/layer_(\d+)/", r"/layer/\1/", name).split("/")
    if last in _TABLES:
        return ".".join([*parts, last, "weight"])
    return ".".join([*parts, _LAST.get(last, last)])


def _prefix(folder: Path) -> Path:
    """The checkpoint in a folder, without the end of its files."""
    found = sorted(folder.glob("*.ckpt*.index"))
    if len(found) != 1:
        there = ", ".join(path.name for path in found) or "none"
        raise InputError(
            f"{folder}: expected one checkpoint, such as bert_model.ckpt.index, found {there}."
        )
    prefix = found[0].with_suffix("")
    if not list(folder.glob(f"{prefix.name}.data-*")):
        raise InputError(
            f"{prefix}.data-00000-of-00001: no such file. Download the model again, all of its"
            " files."
        )
    return prefix


def _weights(prefix: Path, kept: Path) -> dict[str, np.ndarray]:
    """The weights of a checkpoint in Hugging Face's form, read by a process with TensorFlow."""
    if importlib.util.find_spec("tensorflow") is None:
        raise InputError(
            f"{prefix}: TensorFlow reads such a checkpoint, and it is not installed. Install it"
            " beside your backend, for this once: pip install tensorflow. Or convert the model"
            " elsewhere: kerasbert convert makes a run that needs no TensorFlow."
        )
    command = [sys.executable, "-m", "kerasbert.checkpoints.tensorflow", str(prefix), str(kept)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise InputError(
            f"{prefix}: TensorFlow cannot read the checkpoint ({last}). It is damaged or not"
            " complete: download it again."
        )
    with np.load(kept, allow_pickle=False) as stored:
        if "bert/embeddings/word_embeddings" not in stored:
            shown = ", ".join(sorted(stored)[:3])
            raise InputError(
                f"{prefix}: there is no weight bert/embeddings/word_embeddings, so this is no BERT."
                f" Its first weights are {shown}."
            )
        return {
            public_name(name): stored[name].T if name.endswith("/kernel") else stored[name]
            for name in stored
        }
