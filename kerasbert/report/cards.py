"""`README.md` of a run: a model card, for people and in the form that Hugging Face reads.

It names files without their folders, and holds none of their text.
"""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from kerasbert.evaluation.objectives import Figures
from kerasbert.figures import number
from kerasbert.files import write_text
from kerasbert.report.markdown import block, code, escaped, model_card, table
from kerasbert.report.run import ConfigJson, encoder_of
from kerasbert.tokenizer.vocabulary_change import told

SPLITS = {"train": "training", "valid": "validation", "test": "test"}
HUB = re.compile(r"hf:/+([^/@]+/[^/@]+)")  # of `--pretrained hf://owner/name@revision`


def fine_tuning_card(
    path: str | os.PathLike[str],
    title: str,
    about: str,
    predicts: Sequence[str],
    figures: Sequence[Sequence[Any]],
    results: Mapping[str, Sequence[Mapping[str, Any]]],
    documents: Mapping[str, int],
    config: ConfigJson,
    pipeline_tag: str | None = None,
    own_head: bool = False,
) -> None:
    """Write the card of a fine-tuning run.

    Args:
        path: the file to write, whole or not at all.
        title: the name of the run.
        about: what is predicted, in a few words.
        predicts: the same in paragraphs of Markdown.
        figures: rows of a table; the first is its heading.
        results: by part its figures, as a model index has them: type, name and value.
        documents: how many each part has.
        config: what config.json holds.
        pipeline_tag: the task, as Hugging Face names it.
        own_head: whether the run needs a head that is not the package's.
    """
    settings = config.get("settings") or {}
    names = {part: named(settings.get(part) or settings.get("train")) for part in documents}
    task = pipeline_tag or "other"
    index = [
        {
            "task": {"type": task},
            "dataset": {"type": "text", "name": names[part], "split": SPLITS[part]},
            "metrics": list(found),
        }
        for part, found in results.items()
        if found
    ]
    metrics = dict.fromkeys(one["type"] for found in results.values() for one in found)
    metadata = _metadata(title, config, pipeline_tag, list(metrics), index)
    run, head = shlex.quote(title), ", head=HEAD" if own_head else ""
    text = '("a text", "another")' if config.get("texts") == 2 else '"a text"'
    commands = (
        f"kerasbert predict --model {run} new.txt\n"
        f"kerasbert evaluate --model {run} --data labelled.txt"
    )
    program = (
        f"import kerasbert\n\npredict = kerasbert.load_predictor({title!r}{head})\n"
        f"print(predict([{text}]))"
    )
    parts = [[SPLITS[part], code(names[part]), count] for part, count in documents.items()]
    sections = [
        ("", f"Fine-tuned with {made_with(config)}: {escaped(about)}. {_encoder(config)}"),
        ("What it predicts", "\n\n".join(predicts)),
        ("Data", table([["part", "file", "documents"], *parts])),
        ("Figures", table(figures)),
        ("How to use it", usage(program, None if own_head else commands)),
        ("Limits", listed(_limits(config, documents))),
    ]
    write_text(path, model_card(metadata, title, sections))


def pretrain_card(
    path: str | os.PathLike[str],
    title: str,
    metrics: Mapping[str, Any],
    config: ConfigJson,
    objectives: Mapping[str, Figures],
) -> None:
    """Write the card of a pre-training run.

    Args:
        path: the file to write, whole or not at all.
        title: the name of the run.
        metrics: what metrics.json will hold.
        config: what config.json holds.
        objectives: by name, the figures of those that were trained.
    """
    settings = config.get("settings") or {}
    sources = settings.get("corpus") or [settings.get("store")]
    files = ", ".join(code(named(source)) for source in sources if source)
    losses = [one for figures in objectives.values() for one in figures.losses]
    rows = [
        [one.title, _figure(metrics, one.loss), _figure(metrics, one.known), one.nothing_known]
        for one in losses
        if number(metrics.get(one.loss)) is not None
    ]
    shares = [
        [text, _figure(metrics, name), "-", ""]
        for figures in objectives.values()
        for name, text in figures.shares.items()
        if number(metrics.get(name)) is not None
    ]
    found = [
        {"type": "loss", "name": one.title, "value": round(float(metrics[one.loss]), 4)}
        for one in losses
        if number(metrics.get(one.loss)) is not None
    ]
    held_out = {"type": "text", "name": "raw text", "split": "validation"}
    index = [{"task": {"type": "fill-mask"}, "dataset": held_out, "metrics": found}]
    metadata = _metadata(title, config, "feature-extraction", ["loss"], index if found else [])
    run = shlex.quote(title)
    tasks = ", ".join(settings.get("tasks") or objectives)
    what = f"A text encoder, pre-trained with {made_with(config)}; objectives: {tasks}."
    commands = (
        f"kerasbert finetune --pretrained {run} --train train.txt --valid valid.txt --out tags\n"
        f"kerasbert embed --model {run} new.txt --out vectors.npy"
    )
    program = (
        "from kerasbert.inference.embedder import Embedder\n\n"
        f'vectors = Embedder({title!r}).pooled([("a text",), ("another",)])'
    )
    counts = f"{metrics.get('documents', 0):,} documents, {metrics.get('tokens', 0):,} tokens"
    limits = [
        "It predicts no labels: fine-tune it on labelled documents.",
        *_length(config),
        "The figures are of documents that were held out of the same text. What it knows, and"
        " whatever is wrong or one-sided in that, is from that text.",
    ]
    heading = ["held out", "figure", "knowing nothing", ""]
    changed = config.get("vocabulary")
    sections = [
        ("", f"{what} {_encoder(config)}"),
        ("Vocabulary", escaped(f"Another {told(changed)}.") if changed else ""),
        ("Data", f"Raw text: {files}; {counts}."),
        ("Figures", table([heading, *rows, *shares]) if rows or shares else ""),
        ("What was learned", escaped(metrics.get("verdict", ""))),
        ("How to use it", usage(program, commands)),
        ("Limits", listed(limits)),
    ]
    write_text(path, model_card(metadata, title, sections))


def _metadata(
    title: str,
    config: ConfigJson,
    pipeline_tag: str | None,
    metrics: list[str],
    results: list[dict[str, Any]],
) -> dict[str, Any]:
    """The front matter; nothing of it is guessed."""
    source = HUB.match(str((config.get("settings") or {}).get("pretrained")))
    encoder = (config.get("architecture") or {}).get("encoder")
    return {
        # The only tokenizer that says which language it is for.
        "language": "zh" if config.get("segmenter") == "jieba" else None,
        "library_name": "keras",
        "pipeline_tag": pipeline_tag,
        "tags": [tag for tag in ("kerasbert", encoder, config.get("kind")) if tag],
        "base_model": source[1] if source else None,
        "metrics": metrics,
        "model-index": [{"name": title, "results": results}] if results else [],
    }


def made_with(config: ConfigJson) -> str:
    """The versions that a run was made with."""
    versions = config.get("versions") or {}
    return f"kerasbert {versions.get('kerasbert', '')} (Keras {versions.get('keras', '')})"


def _encoder(config: ConfigJson) -> str:
    """The encoder, and where its weights came from."""
    settings = config.get("settings") or {}
    source, begun = settings.get("pretrained"), "with random weights"
    if source and config.get("transfer"):
        hub = HUB.match(str(source))
        begun = f"with the weights of {code(hub[1] if hub else named(source))}"
    if settings.get("lora"):
        begun += f", which adapters of rank {settings['lora']} changed"
    taught = ""
    if settings.get("teacher"):
        taught = (
            f" It learned from {code(named(settings['teacher']))}, too, which answered raw text."
        )
    return f"Encoder: {encoder_of(config)}; it began {begun}.{taught}"


def _limits(config: ConfigJson, documents: Mapping[str, int]) -> list[str]:
    limits = _length(config)
    if "test" not in documents:
        limits.append(
            "There were no test data: the figures are of the documents on which the best epoch, and"
            " whatever else was left open, was chosen. They flatter."
        )
    limits.append(
        f"It learned from {documents.get('train', 0):,} documents. Of texts of another kind, field"
        " or time these figures say nothing, and it does not notice that a text is none of its own."
    )
    return limits


def _length(config: ConfigJson) -> list[str]:
    settings = config.get("settings") or {}
    length, windows = settings.get("max_length"), config.get("windows")
    if not length:
        return []
    if windows:
        return [f"A text is read in at most {windows['most']} windows of {length:,} tokens."]
    return [f"Of a text at most {length:,} tokens are read, special ones among them."]


def usage(program: str, commands: str | None = None) -> str:
    """A program, behind the commands that do the same, where there are any."""
    blocks = [block(commands, "bash")] if commands else []
    return "\n\n".join([*blocks, block(program, "python")])


def _figure(metrics: Mapping[str, Any], name: str) -> Any:
    value = number(metrics.get(name)) if name else None
    return "-" if value is None else value


def named(source: Any) -> str:
    """The last part of a path or URL: no folder of this machine, no password."""
    return PurePosixPath(str(source or "").partition("?")[0].replace("\\", "/")).name


def listed(lines: Sequence[str]) -> str:
    """Lines of Markdown as a list."""
    return "\n".join(f"- {line}" for line in lines)
