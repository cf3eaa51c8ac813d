"""The report of a fine-tuning run: what its head has to say, and what every run has."""

import os
from collections.abc import Sequence

from kerasbert.files import write_text
from kerasbert.report.page import page
from kerasbert.report.run import ConfigJson, encoder_of, settings_and_versions, transferred


def fine_tuning_report(
    path: str | os.PathLike[str],
    title: str,
    sections: Sequence[tuple[str, str]],
    about: str = "",
    config: ConfigJson | None = None,
) -> None:
    """Write the report of a fine-tuning run.

    Args:
        path: the file to write, whole or not at all.
        title: its heading.
        sections: heading and HTML of what the head says, see `kerasbert.heads.Head.sections`.
        about: what is predicted, in a few words.
        config: what config.json holds: settings, versions, architecture, transfer.
    """
    config = config or {}
    further = [
        ("Carried over from pre-training", transferred(config) if config else ""),
        ("Settings", settings_and_versions(config)),
    ]
    known = [encoder_of(config)] if config else []
    known += [about] if about else []
    write_text(path, page("kerasbert fine-tuning", title, " · ".join(known), [*sections, *further]))
