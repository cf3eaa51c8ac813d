"""The run folder of an object that lives in memory."""

from __future__ import annotations

import tempfile
from functools import cached_property
from pathlib import Path

from kerasbert.inference.predictor import Predictor


class KeptRun:
    """A run folder that an estimator keeps: a temporary one goes with it, a pickle holds its files.

    Args:
        path: of the folder.
        temporary: the folder above it that is removed in the end.
    """

    def __init__(self, path: Path, temporary: tempfile.TemporaryDirectory | None = None):
        self.path = path
        self._temporary = temporary

    @cached_property
    def predictor(self) -> Predictor:
        """Loaded when it is first asked."""
        return Predictor(self.path)

    def __getstate__(self) -> dict[str, bytes]:
        """The files of the run but those for resuming it."""
        files = [path for path in self.path.rglob("*") if path.is_file()]
        names = {path.relative_to(self.path).as_posix(): path for path in files}
        return {
            name: path.read_bytes() for name, path in names.items() if not name.startswith("state/")
        }

    def __setstate__(self, files: dict[str, bytes]) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="kerasbert-")
        self.__init__(Path(temporary.name) / "run", temporary)  # type: ignore[misc]
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
