"""A finished fine-tuning run: model, tokenizer, head and decision from one door."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from kerasbert.batches.encoded import Windows
from kerasbert.errors import InputError
from kerasbert.heads.head import Head
from kerasbert.heads.registry import load_head
from kerasbert.runs.folder import RunFolder
from kerasbert.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True)
class FineTunedRun:
    """What a fine-tuning run holds for whoever asks it.

    Attributes:
        head: what is predicted.
        pairs: whether a text is a pair of texts.
        apart: whether each text of a pair is encoded alone.
        max_length: positions of the longest text, or of a window.
        windows: how a longer text is split; None where it is cut.
        metrics: what its metrics.json holds.
        decision: how outputs become answers: of labels temperature, thresholds and rule.
        tokenizer: with the special ids that the run was trained with.
        model: token_ids and segment_ids to what the head has as output; not compiled.
    """

    head: Head
    pairs: bool
    max_length: int
    windows: Windows | None
    metrics: Mapping[str, Any]
    decision: Any
    tokenizer: Tokenizer
    model: keras.Model
    apart: bool = False


def open_fine_tuned(path: str | Path, head: Head | None = None) -> FineTunedRun:
    """Load the run of this folder.

    Args:
        path: the folder.
        head: the user's own that the run was made with; the run knows any other.

    Raises:
        InputError: the folder is not that of a finished fine-tuning run, its files are not of one
            run, or its head is unknown.
    """
    head, config = open_head(path, head)
    folder = RunFolder(path)
    metrics, model = folder.read_json("metrics.json"), folder.load_model()
    try:
        head.check_output(model.output_shape)
        decision = head.restore(metrics)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return FineTunedRun(
        head=head,
        pairs=config["texts"] == 2,
        apart=config.get("pair") == "apart",
        max_length=config["max_length"],
        windows=Windows(**config["windows"]) if config.get("windows") else None,
        metrics=metrics,
        decision=decision,
        tokenizer=folder.tokenizer(as_trained=True),
        model=model,
    )


def open_head(path: str | Path, head: Head | None = None) -> tuple[Head, dict[str, Any]]:
    """The head of a finished run, and its config.json, without its model.

    Args:
        path: the folder.
        head: the user's own that the run was made with.

    Raises:
        InputError: as `open_fine_tuned`.
    """
    folder = RunFolder.open(path)
    config = folder.config()
    if config.get("stage") != "finetune":
        raise InputError(
            f"{path}: this is the run of `kerasbert {config.get('stage')}`, expected one of "
            "`kerasbert finetune`."
        )
    return load_head(folder.path, config, head), config
