"""The door of a run: begin it, go on with it, find it finished, or refuse."""

from typing import Any

from kerasbert.runs.folder import FINISHED, RunFolder
from kerasbert.runs.settings import refuse_other_settings
from kerasbert.terminal import say


def begin_run(config: Any, result: str = FINISHED) -> tuple[RunFolder, dict[str, Any] | None]:
    """The folder of a run that is new or goes on, and its result where it is finished.

    Args:
        config: settings, with `out` and `resume`.
        result: the file that a finished run has.

    Raises:
        InputError: see `RunFolder.create`; or the run was begun with other settings, or by a newer
            version.
    """
    folder = RunFolder.create(config.out, config.resume)
    if folder.file(result).exists():
        say(f"{folder.path}: finished; nothing to do.")
        return folder, folder.read_json(result)
    if folder.file("config.json").exists():
        saved = folder.config()
        # Earlier versions had the settings as they were given.
        refuse_other_settings(saved.get("given", saved["settings"]), config)
    return folder, None
