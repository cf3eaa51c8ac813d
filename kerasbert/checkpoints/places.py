"""Where the weights of ours stand in a public file: one map, which is read and written."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kerasbert.checkpoints.tensors import Tensors

Arrays = dict[str, np.ndarray]  # by the path of our variable, as `kerasbert.models.weights_of`


@dataclass(frozen=True)
class Place:
    """A weight of ours, and which of theirs it is.

    Attributes:
        path: of our variable.
        names: of theirs; several stand in ours one behind the other. None where they have no such
            weight: ours is 0.
        shape: of each of theirs; of ours where there are none.
        transposed: whether ours is the transposed, as kernels are.
        before: rows of theirs before the first that means something.
        fewer: theirs may have fewer rows; its first then stands for those that it lacks.
    """

    path: str
    names: tuple[str, ...]
    shape: tuple[int, ...]
    transposed: bool = False
    before: int = 0
    fewer: bool = False

    def read(self, tensors: Tensors) -> np.ndarray:
        """Ours, float32.

        Raises:
            InputError: theirs is missing, or of another shape.
        """
        if not self.names:
            return np.zeros(self.shape, np.float32)
        shape = self.shape
        if self.fewer:
            stored, *_ = tensors.shape(self.names[0]) or (0,)
            shape = (min(max(stored, 1), shape[0]), *shape[1:])
        theirs = [tensors.take(name, shape) for name in self.names]
        ours = np.concatenate(theirs) if len(theirs) > 1 else theirs[0]
        if lacking := self.shape[0] - shape[0]:
            ours = np.concatenate([ours, np.repeat(ours[:1], lacking, axis=0)])
        return ours[self.before :].T if self.transposed else ours[self.before :]

    def write(self, ours: np.ndarray) -> Arrays:
        """Theirs, by their names; rows without meaning are 0."""
        if not self.names:
            return {}
        theirs = ours.T if self.transposed else ours
        if self.before:
            theirs = np.concatenate([np.zeros((self.before, *theirs.shape[1:]), "f4"), theirs])
        parts = np.split(theirs, len(self.names))
        named = zip(self.names, parts, strict=True)
        return {name: np.ascontiguousarray(part) for name, part in named}


def read(tensors: Tensors, places: Iterable[Place]) -> Arrays:
    """The weights of ours at these places; see `Place.read`."""
    return {place.path: place.read(tensors) for place in places}


def dense(name: str, path: str, inputs: int, outputs: int, bias: bool = True) -> list[Place]:
    """A linear layer; where theirs has no bias, ours is 0."""
    return [
        Place(f"{path}/kernel", (f"{name}.weight",), (outputs, inputs), transposed=True),
        Place(f"{path}/bias", (f"{name}.bias",) if bias else (), (outputs,)),
    ]


def norm(name: str, path: str, width: int, bias: bool = True) -> list[Place]:
    """A layer normalization; where theirs has no offset, ours is 0."""
    return [
        Place(f"{path}/gamma", (f"{name}.weight",), (width,)),
        Place(f"{path}/beta", (f"{name}.bias",) if bias else (), (width,)),
    ]
