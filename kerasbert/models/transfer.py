"""Carry weights from a pre-trained model into a new one, and say of each what became of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import keras
import numpy as np

from kerasbert.errors import InputError

CARRIED = ("embedding", "encoder", "pooling")
REQUIRED = ("embedding", "encoder")


@dataclass
class TransferReport:
    """Paths of weights: copied, yet to be learned, and only in the pre-trained model."""

    loaded: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, list[str]]:
        return asdict(self)

    def __str__(self) -> str:
        heads = [path for path in self.loaded if path.split("/")[0] not in CARRIED]
        lines = [f"{len(self.loaded) - len(heads)} weights of embedding and encoder loaded"]
        if heads:
            lines.append(f"of the objectives: {', '.join(heads)}")
        if self.new:
            lines.append(f"new: {', '.join(self.new)}")
        if self.unused:
            lines.append(f"unused: {', '.join(self.unused)}")
        return "; ".join(lines)


def transfer_weights(
    source: keras.Model,
    target: keras.Model,
    heads: Sequence[str] = (),
    origins: Sequence[Sequence[int]] | None = None,
) -> TransferReport:
    """Copy embedding and encoder of `source` into `target`, weight by weight.

    The pooling is copied too, where both models have one with the same weights.

    Args:
        source: a built model, as `build_pretrain_model` and `build_classifier` make them.
        target: likewise.
        heads: names of the objectives whose heads are copied as well, where both models have them.
        origins: where `target` has another vocabulary, for each of its tokens those of `source`
            whose mean it begins as, in every table and bias with a row for each token.

    Raises:
        InputError: an embedding or encoder weight of either side has no counterpart of its shape.
    """
    report = TransferReport()
    available = weights_of(source)
    wanted = weights_of(target)
    for layer in CARRIED:
        available = _with_paths_of(wanted, available, layer)
    problems = []
    for path, variable in wanted.items():
        layer = path.split("/")[0]
        carried = layer in CARRIED or layer.startswith(tuple(heads))
        counterpart = available.get(path) if carried else None
        if counterpart is not None and counterpart.shape != variable.shape and origins is not None:
            counterpart = _of_tokens(counterpart, origins)
        if counterpart is not None and counterpart.shape == variable.shape:
            variable.assign(counterpart)
            report.loaded.append(path)
            del available[path]
        elif layer in REQUIRED:
            found = "nothing" if counterpart is None else f"shape {tuple(counterpart.shape)}"
            problems.append(f"{path}: expected shape {tuple(variable.shape)}, found {found}")
        elif variable.trainable:  # the others were given their values, such as those of SVMs
            report.new.append(path)
    report.unused = list(available)
    problems += [
        f"{path}: not used by the new model"
        for path in report.unused
        if path.split("/")[0] in REQUIRED
    ]
    if problems:
        raise InputError(
            "the pre-trained weights do not fit the new model:\n  "
            + "\n  ".join(problems)
            + "\nBoth must have one architecture: leave it to the pre-trained run."
        )
    return report


def repeat_positions(embedding, trained: int, length: int) -> bool:
    """Give learned positions that no text has reached the values of those that were trained.

    Position p starts as p modulo `trained`, so that each piece of a long text looks at first like
    one of those that the encoder knows.

    Args:
        embedding: a built embedding layer; without learned positions nothing happens.
        trained: positions of the longest row of pre-training.
        length: positions of the longest text to come.

    Returns:
        whether anything was done.

    Source: Beltagy et al. 2020, Longformer, https://arxiv.org/abs/2004.05150, section 5.
    """
    if getattr(embedding, "positions", None) != "learned" or length <= trained:
        return False
    table = np.array(keras.ops.convert_to_numpy(embedding.position_table))
    embedding.position_table.assign(table[np.arange(len(table)) % trained])
    return True


def begin_with_vectors(embedding, ids: np.ndarray, vectors: np.ndarray) -> None:
    """Put word vectors into the token table of an embedding layer, at the scale of its own rows.

    Args:
        embedding: a built `TextEmbedding`.
        ids: (F,) int, the tokens they are for; the rows of others keep their random values.
        vectors: (F, d_model) float.
    """
    table = np.array(keras.ops.convert_to_numpy(embedding.token_table))
    table[ids] = vectors * (table.std() / max(float(vectors.std()), 1e-12))
    embedding.token_table.assign(table)


def weights_of(model: keras.Model) -> dict:
    """Weights by the path from their top-level layer, which is the same in both stages."""
    weights = {}
    for layer in model.layers:
        for variable in layer.weights:
            path = f"/{variable.path}"  # so that no other name ends with that of the layer
            start = path.find(f"/{layer.name}/") + 1
            weights[path[start:] if start else f"{layer.name}{path}"] = variable
    return weights


def _of_tokens(rows, origins: Sequence[Sequence[int]]):
    """Rows for other tokens: each the mean of those that it comes from; what else is as it is.

    Args:
        rows: a weight (old vocabulary, ...).
        origins: of `transfer_weights`.
    """
    values = keras.ops.convert_to_numpy(rows)
    if len(values) <= max(map(max, origins)):
        return rows
    return np.stack([values[list(ids)].mean(axis=0) for ids in origins]).astype(values.dtype)


def _with_paths_of(wanted: dict, available: dict, layer: str) -> dict:
    """`available`, with the layer's weights under the paths of `wanted` where they are the same.

    Keras numbers sublayers that have no name anew each time they are made (dense_3, dense_7), so in
    a user's own layer equal weights may have other paths; their order does not change.
    """
    theirs = [path for path in available if path.startswith(f"{layer}/")]
    ours = [path for path in wanted if path.startswith(f"{layer}/")]

    def kinds(weights, paths):
        return [(path.rsplit("/", 1)[-1], tuple(weights[path].shape)) for path in paths]

    if kinds(available, theirs) != kinds(wanted, ours):
        return available
    renamed = dict(zip(theirs, ours, strict=True))
    return {renamed.get(path, path): weight for path, weight in available.items()}
