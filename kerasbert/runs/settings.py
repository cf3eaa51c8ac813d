"""The settings of a run: as they were given, as they were used, and whether they are the same."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from kerasbert.config import SIZES, EncoderConfig, config_to_json
from kerasbert.errors import InputError
from kerasbert.ranges import flag

FREE = {"resume", "save_minutes", "out", "log", "tensorboard", "rival"}  # may change with --resume
RENAMED = {"chunk": "windows"}  # values of --long in runs of versions before 0.2.0
LOSS_OF_LABELS = "cross-entropy"  # what --loss was for all, before there were numbers


def settings_of(config: Any) -> dict[str, Any]:
    """A command's flags as plain JSON values, for config.json."""
    return {field.name: _plain(getattr(config, field.name)) for field in fields(config)}


def as_used(
    given: Mapping[str, Any], architecture: EncoderConfig | None, used: Mapping[str, Any]
) -> dict[str, Any]:
    """Settings with a value in the place of each one that was left to the program.

    Args:
        given: of `settings_of`.
        architecture: of the run; it has what was left open of it.
        used: what else was settled, by name.
    """
    known: dict[str, Any] = {}
    if architecture is not None:
        sizes = {d_model: name for name, d_model in SIZES.items()}
        known = config_to_json(architecture) | {"size": sizes.get(architecture.d_model)}
    known |= used
    return {
        name: _plain(known.get(name)) if value is None else value for name, value in given.items()
    }


def refuse_other_settings(saved: Mapping[str, Any], config: Any) -> None:
    """A run goes on with the settings it was started with, or not at all."""
    now = {name: _renamed(name, value) for name, value in settings_of(config).items()}
    saved = {name: _renamed(name, value) for name, value in saved.items()}
    changed = [
        f"{flag(name)} (was {saved[name]!r}, now {now[name]!r})"
        for name in now
        if name not in FREE and name in saved and saved[name] != now[name]
    ]
    if changed:
        raise InputError(
            f"cannot resume with other settings than the run was started with: {', '.join(changed)}"
            ". Repeat the settings, or start a new run in another --out."
        )


def _renamed(name: str, value: Any) -> Any:
    if name == "loss" and value == LOSS_OF_LABELS:
        return None
    return RENAMED.get(value, value) if name == "long" else value


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
