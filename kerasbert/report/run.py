"""Sections that every run's report has: what it began with, its settings, its versions."""

from collections.abc import Mapping
from typing import Any

from kerasbert.report.page import paragraph
from kerasbert.report.tables import folded, pairs
from kerasbert.tokenizer.vocabulary_change import told

ConfigJson = Mapping[str, Any]  # what config.json holds


def encoder_of(config: ConfigJson) -> str:
    """The encoder in a few words."""
    architecture = config.get("architecture")
    if not architecture:
        return "an encoder of the user's own"
    layers = architecture.get("layers")
    depth = f"{layers} layers, " if layers else ""
    return f"{architecture.get('encoder')}, {depth}d_model {architecture.get('d_model')}"


def transferred(config: ConfigJson) -> str:
    """Which weights came from a pre-trained run."""
    settings = config.get("settings") or {}
    source, found = settings.get("pretrained"), config.get("transfer")
    if not found:
        if source and settings.get("from_scratch"):
            return paragraph(
                f"Nothing: tokenizer and architecture are those of {source}, no weights."
            )
        return paragraph("Nothing: this run began with random weights.")
    weights = {"loaded": "loaded", "new": "new, not in the pre-trained run", "unused": "not used"}
    begun = f"From {source}: " if source else ""
    counts = ", ".join(
        f"{len(found.get(key) or [])} weights {text}" for key, text in weights.items()
    )
    names = {text: found.get(key) for key, text in weights.items() if found.get(key)}
    changed = config.get("vocabulary")
    said = paragraph(f"Another {told(changed)}.") if changed else ""
    return paragraph(f"{begun}{counts}.") + said + folded("the names of the weights", pairs(names))


def settings_and_versions(config: ConfigJson) -> str:
    """Command line, date, architecture, settings as they were used, and versions."""
    settings = {
        name: value for name, value in (config.get("settings") or {}).items() if value is not None
    }
    made_with = {"backend": config.get("backend"), **(config.get("versions") or {})}
    made_by = {name: config[name] for name in ("command", "date") if config.get(name)}
    return (
        pairs(made_by)
        + folded("architecture", pairs(config.get("architecture") or {}))
        + pairs(settings)
        + (folded("versions", pairs(made_with)) if config.get("versions") else "")
    )
