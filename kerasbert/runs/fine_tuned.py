"""A finished fine-tuning run: model, tokenizer, labels and decision from one door."""

from dataclasses import dataclass
from pathlib import Path

import keras

from kerasbert.batches.encoded import Windows
from kerasbert.errors import InputError
from kerasbert.evaluation.decision import Decision
from kerasbert.runs.folder import RunFolder
from kerasbert.text.labels import LabelSet
from kerasbert.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True)
class FineTunedRun:
    """What a fine-tuning run holds for whoever asks it.

    Attributes:
        kind: "multi-label", "multi-class" or "binary".
        pairs: whether a text is a pair of texts.
        max_length: positions of the longest text, or of a window.
        windows: how a longer text is split; None where it is cut.
        decision: how logits become labels: temperature, thresholds and rule of the run.
        at_half: the same for figures at threshold 0.5.
        labels: of the K outputs, in their order.
        tokenizer: with the special ids that the run was trained with.
        model: token_ids and segment_ids to K logits; not compiled.
    """

    kind: str
    pairs: bool
    max_length: int
    windows: Windows | None
    decision: Decision
    at_half: Decision
    labels: LabelSet
    tokenizer: Tokenizer
    model: keras.Model


def open_fine_tuned(path: str | Path) -> FineTunedRun:
    """Load the run of this folder.

    Raises:
        InputError: the folder is not that of a finished fine-tuning run, or its files are not of
            one run.
    """
    folder = RunFolder.open(path)
    config = folder.config()
    if config.get("stage") != "finetune":
        raise InputError(
            f"{path}: this is the run of `kerasbert {config.get('stage')}`, expected one of "
            "`kerasbert finetune`."
        )
    kind = config["kind"]
    metrics = folder.read_json("metrics.json")
    decision = Decision.of_metrics(metrics, kind)
    half = metrics.get("at_half", {})
    run = FineTunedRun(
        kind=kind,
        pairs=config["texts"] == 2,
        max_length=config["max_length"],
        windows=Windows(**config["windows"]) if config.get("windows") else None,
        decision=decision,
        at_half=Decision.of_metrics(half, kind) if "decision" in half else decision.at_half(),
        labels=LabelSet.load(folder.file("labels.txt")),
        tokenizer=folder.tokenizer(as_trained=True),
        model=folder.load_model(),
    )
    _check_outputs(path, run)
    return run


def _check_outputs(path: str | Path, run: FineTunedRun) -> None:
    """Refuse labels or thresholds that are not as many as the model's outputs."""
    outputs = run.model.output_shape[-1]
    if outputs != len(run.labels):
        raise InputError(
            f"{path}: labels.txt has {len(run.labels)} labels, the model {outputs}. Both must "
            "come from one run."
        )
    limits = run.decision.threshold
    if isinstance(limits, tuple) and len(limits) != outputs:
        raise InputError(
            f"{path}: metrics.json has {len(limits)} thresholds for {outputs} labels. Both must "
            "come from one run."
        )
