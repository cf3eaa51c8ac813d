"""The weights of a TensorFlow checkpoint, in a process of its own: a backend stays alone.

`python -m kerasbert.checkpoints.tensorflow PREFIX FILE` writes those of Google's models to FILE, an
.npz, by the names that they have in the checkpoint.
"""

import sys
from pathlib import Path

import numpy as np

# What the optimizer remembers has further words behind the name.
WITHOUT = ("adam_m", "adam_v", "LAMB", "LAMB_1", "global_step")


def write_weights(prefix: str, out: Path) -> None:
    """Read the weights of a checkpoint, and write them down."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(prefix)
    names = [name for name in reader.get_variable_to_shape_map() if not _of_training(name)]
    with out.open("wb") as file:
        np.savez(file, **{name: reader.get_tensor(name) for name in names})


def _of_training(name: str) -> bool:
    return any(part in WITHOUT for part in name.split("/"))


if __name__ == "__main__":
    write_weights(sys.argv[1], Path(sys.argv[2]))
