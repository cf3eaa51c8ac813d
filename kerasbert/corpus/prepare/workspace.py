"""Where a store is prepared: a folder beside it that remembers what is done.

.STORE.preparing/plan.json        inputs with checksums, and settings: what the work depends on
                 tokenizer.json   once it is trained
                 vocabulary.json  what became of that of a given one
                 sample/ pieces/  what jobs have written, and their records
                 store/           the store, renamed when it is complete
                 inputs/          copies of standard input and of pipes
                 lock             held by the command that works there
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kerasbert.errors import InputError, Unfinished
from kerasbert.files import missing_folders, remove_empty, write_json


class Workspace:
    """The folder in which a store is prepared. Killed at any time, the same command goes on there.

    Args:
        store: the folder that the store will be.
    """

    def __init__(self, store: Path):
        absolute = store.resolve()  # a link to an empty folder leads to where the store will be
        self.store = store
        self.folder = absolute.with_name(f".{absolute.name}.preparing")
        self.tokenizer = self.folder / "tokenizer.json"
        self.vocabulary = self.folder / "vocabulary.json"
        self.pieces = self.folder / "pieces"
        self.result = self.folder / "store"
        self.spool = self.folder / "inputs"  # copies of what cannot be read again
        self._plan = self.folder / "plan.json"
        self._agreed = False  # what is there was begun by this command, or by one like it

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Make the folder and keep others out; remove it where nothing was begun, or all refused.

        What is done stays when the block is interrupted or raises `Unfinished`: the same command
        goes on. After another `InputError` it would fail again, and the corrected one begins anew.

        Raises:
            InputError: it cannot be made, or another command works there.
        """
        made = missing_folders(self.folder.parent)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("w")
        except OSError as error:
            remove_empty(made)
            raise InputError(
                f"{self.store}: the store cannot be made ({error.strerror})."
                " Give an --out folder where you may write."
            ) from None
        with lock:
            if not _locked(lock):
                raise InputError(
                    f"{self.store}: another command is preparing it at this moment. Wait for it, or"
                    " name another --out."
                )
            refused = False
            try:
                yield
            except InputError as error:
                refused = self._agreed and not isinstance(error, Unfinished)
                raise
            finally:
                begun = any(self.pieces.glob("*.json")) or self.tokenizer.exists()
                if refused or not begun:
                    self.remove()
                    remove_empty(made)

    def begin(self, plan: dict[str, Any], again: bool = False) -> None:
        """Write down what the work depends on, or compare it with what was begun.

        Args:
            plan: {"inputs": [{"name", "bytes", "sha256"}], "settings": {...}, ...}
            again: begin anew where something else was begun, instead of refusing.

        Raises:
            InputError: the work was begun with other inputs or settings.
        """
        plan = json.loads(json.dumps(plan))
        with contextlib.suppress(FileNotFoundError, ValueError):
            begun = json.loads(self._plan.read_bytes())
            if begun == plan:
                self._agreed = True
                return
            if not again:
                raise InputError(
                    f"{self.store}: {_difference(begun, plan)} since this store was begun. Put"
                    f" that back to go on, or remove {self.folder} to begin anew."
                )
        for path in self.folder.iterdir():
            if path.name not in ("lock", "inputs"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        write_json(self._plan, plan)
        self._agreed = True

    def finish(self) -> None:
        """Give the complete store its name, and remove the rest."""
        store = self.store.resolve()
        if store.is_dir():
            store.rmdir()
        self.result.rename(store)
        self.remove()

    def discard_store(self) -> None:
        """Remove the store that is there."""
        shutil.rmtree(self.store.resolve())

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _difference(begun: dict[str, Any], plan: dict[str, Any]) -> str:
    """What changed, in words."""
    before = {entry["name"]: entry for entry in begun.get("inputs", [])}
    now = {entry["name"]: entry for entry in plan["inputs"]}
    for name, entry in now.items():
        if name not in before:
            return f"the input {name} was added"
        if before[name] != entry:
            return f"the input {name} changed"
    for name in before:
        if name not in now:
            return f"the input {name} was left out"
    for name, value in plan["settings"].items():
        if begun.get("settings", {}).get(name) != value:
            flag = name.replace("_", "-")
            return f"--{flag} changed (it was {begun['settings'].get(name)!r}, now {value!r})"
    return "the order of the inputs, or the version of kerasbert, changed"


def _locked(file: Any) -> bool:
    """Lock the file; the system opens the lock when its process ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
