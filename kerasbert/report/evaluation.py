"""The report of a run on documents that were given to `kerasbert evaluate`."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.files import write_text
from kerasbert.report.page import page
from kerasbert.report.run import ConfigJson, encoder_of, settings_and_versions
from kerasbert.report.tables import folded, pairs


def evaluation_report(
    path: str | os.PathLike[str],
    sections: Sequence[tuple[str, str]],
    about: str,
    made: Mapping[str, Any],
    config: ConfigJson | None = None,
) -> None:
    """Write the report of an evaluation.

    Args:
        path: the file to write, whole or not at all.
        sections: heading and HTML of what the head says, see `kerasbert.heads.Head.sections`.
        about: what is predicted, in a few words.
        made: run and data above all; and whatever else is to be said of how it was made.
        config: what the run's config.json holds.
    """
    config = config or {}
    title = f"{made['run']} on {made['data']}"
    known = [encoder_of(config)] if config else []
    further = [
        ("How this page was made", pairs({k: v for k, v in made.items() if v is not None})),
        ("", folded("settings of the run", settings_and_versions(config))),
    ]
    summary = " · ".join([*known, about])
    write_text(path, page("kerasbert evaluation", title, summary, [*sections, *further]))
