"""What an encoder answers, computed once: a file under the checksum of all that it follows from."""

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasbert.terminal import counting, say


def checksum(model: keras.Model, *more: str | int) -> str:
    """Of a model and of what it reads, 64 hexadecimal digits.

    Its weights count by value, since the file of a model holds a date; its layers by their class
    and settings, but for seeds, which tell nothing of what was trained, and for names.

    Args:
        model: functional.
        *more: what else its answers follow from.
    """
    sums = hashlib.sha256("\n".join(map(str, more)).encode())
    for layer in model.layers:
        sums.update(f"{type(layer).__name__} {_telling(layer.get_config())}".encode())
    for weight in model.weights:
        values = keras.ops.convert_to_numpy(weight)
        sums.update(f"{values.dtype} {values.shape}".encode())
        sums.update(np.ascontiguousarray(values).tobytes())
    return sums.hexdigest()


def _telling(settings: Any) -> Any:
    """Without seeds and names, which Keras numbers anew in each process."""
    if isinstance(settings, dict):
        kept = {key: value for key, value in settings.items() if key not in ("seed", "name")}
        return {key: _telling(value) for key, value in kept.items()}
    if isinstance(settings, list | tuple):
        return [_telling(value) for value in settings]
    return settings


def kept_vectors(
    path: Path,
    width: int,
    ends: Sequence[int],
    answer: Callable[[int], np.ndarray],
    name: str,
    dtype: type = np.float32,
) -> np.ndarray:
    """(R, E) vectors, from the file as far as they stand there, computed from there on.

    A killed run loses the block that it was computing.

    Args:
        path: the file; its name must hold for all that the vectors follow from.
        width: E.
        ends: of each block of rows, in order, where it ends; R is the last one.
        answer: the vectors of a block, of its number. None of them is all zeros.
        name: of who answers, for the bar and what is said.
        dtype: of the file.

    Raises:
        OSError: the file cannot be made.
    """
    found = _open(path, (int(ends[-1]), width), dtype)
    todo = [number for number, end in enumerate(ends) if not found[end - 1].any()]
    starts = [0, *ends]
    total = int(sum(ends[number] - starts[number] for number in todo))
    began, done = time.monotonic(), 0
    with counting(name, total) as progress:
        for number in todo:
            vectors = answer(number)
            found[starts[number] : ends[number]] = vectors
            found.flush()
            done += len(vectors)
            progress(len(vectors))
            if number == todo[0] and done < total:
                seconds = (time.monotonic() - began) * (total - done) / done
                say(f"the {name} needs roughly {seconds / 60:.1f} minutes more")
    if todo:
        seconds = max(time.monotonic() - began, 1e-3)
        say(f"the {name} read {total:,} rows in {seconds:.0f} s, {total / seconds:,.0f} a second")
    return np.load(path, mmap_mode="r")


def _open(path: Path, shape: tuple[int, int], dtype: type) -> np.memmap:
    """The file, with zeros where nothing was computed so far."""
    if path.exists():
        try:
            found = np.lib.format.open_memmap(path, mode="r+")
            if found.shape == shape and found.dtype == dtype:
                return found
        except ValueError:  # cut short when it was made
            pass
    return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
