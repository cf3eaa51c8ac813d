"""What a run that is refused leaves behind: nothing."""

import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerasbert.errors import InputError, Unfinished
from kerasbert.files import missing_folders, remove_empty, trouble


def leaves_nothing(run: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """A function of settings that works in their folder `out`, so that it can be run again there.

    Where it refuses its input before it has trained anything, what it has made is removed. Where it
    cannot write, what is done is kept, and the message says how to go on.
    """

    @functools.wraps(run)
    def wrapped(settings: Any, *further: Any, **named: Any) -> dict[str, Any]:
        out = settings.out
        made = missing_folders(out)
        was_empty = not out.exists() or (out.is_dir() and not any(out.iterdir()))
        try:
            return run(settings, *further, **named)
        except (Unfinished, BrokenPipeError):
            raise
        except InputError:
            if was_empty and not _has_trained(out):
                _empty(out)
                remove_empty(made)
            raise
        except OSError as error:
            raise Unfinished(
                f"{trouble(error)} What is done is kept: repeat the command with --resume."
            ) from error

    return wrapped


def _has_trained(out: Path) -> bool:
    return any(any(out.rglob(name)) for name in ("step-*.npz", "model.keras"))


def _empty(folder: Path) -> None:
    for path in folder.iterdir() if folder.exists() else ():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
