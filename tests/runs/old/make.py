"""Make the runs of tests/runs/old with the code of an earlier commit.

    git archive COMMIT | tar x -C OLD && ln -s ../recipes ../data OLD/kerasbert/
    KERAS_BACKEND=jax PYTHONPATH=OLD python tests/runs/old/make.py NAME

NAME.zip, in the folder where this is called, holds a run of each kind and what its models answered
(answers.json): 0.1.0.zip is by e11e69f, the first commit with every command, on JAX; rooms.zip by
be883de, the last one before the package was divided into rooms, on PyTorch.
"""

import contextlib
import json
import os
import random
import sys
import tempfile
import zipfile
from dataclasses import fields
from pathlib import Path

WORDS = {
    "animal": ["cat", "dog", "horse", "mouse", "bird", "fish"],
    "plant": ["oak", "rose", "fern", "moss", "tulip", "pine"],
}
COMMON = ["the", "small", "old", "green", "one", "saw", "near", "of", "under", "it"]
TEXTS = ["The old cat saw a mouse.", "Oak, fern and moss.", "A rose near one horse", "the", ""]


def sentence(rng, topic):
    """Words of a topic among common ones."""
    return " ".join(
        rng.choice(WORDS[topic] if rng.random() < 0.5 else COMMON)
        for _ in range(rng.randint(4, 9))
    )  # fmt: skip


def write_files(rng):
    """raw.txt, and labelled files of two kinds of tasks."""
    raw = [" ".join(sentence(rng, rng.choice(list(WORDS))) + "." for _ in "ab") for _ in range(260)]
    Path("raw.txt").write_text("\n".join(dict.fromkeys(raw)) + "\n")
    chances = {
        "tags": [["animal"], ["plant"], ["animal", "plant"]],
        "binary": [["animal"], ["plant"]],
    }
    for name, choices in chances.items():
        for part, count in (("train", 32), ("valid", 12), ("test", 12)):
            lines = []
            for _ in range(count):
                labels = rng.choice(choices)
                text = " ".join(sentence(rng, label) for label in labels)
                lines.append(text + "".join(f" __label__{label}" for label in labels))
            Path(f"{name}-{part}.txt").write_text("\n".join(lines) + "\n")


def settings(recipe, **wanted):
    """A recipe's Config, of those settings that the commit knows."""
    known = {field.name for field in fields(recipe.Config)}
    return recipe.Config(**{name: value for name, value in wanted.items() if name in known})


def stop_after_an_epoch():
    """From now on a training ends as if it had got a signal at the end of its first epoch."""
    from kerasbert.training import resume

    def on_epoch_end(self, epoch, logs=None):
        self.save()
        raise resume.Interrupted("stopped")

    resume.SaveState.on_epoch_end = on_epoch_end
    return resume.Interrupted


def make(name, encoder):
    """All runs, in the working folder."""
    from kerasbert.recipes import compare, finetune, pretrain

    write_files(random.Random(0))
    small = {"d_model": 8, "vocab_size": 100, "encoder": encoder, "layers": 1, "heads": 2}
    if encoder == "text-cnn":
        small = {key: small[key] for key in ("d_model", "vocab_size", "encoder")}
    length = {"max_length": 32, "batch_size": 16}
    raw = {"corpus": (Path("raw.txt"),), **small, **length, "epochs": 2}
    pretrain.run(settings(pretrain, out=Path("lm"), **raw))
    for task in ("tags", "binary"):
        parts = {part: Path(f"{task}-{part}.txt") for part in ("train", "valid", "test")}
        more = {"pretrained": Path("lm"), "learning_rate": 0.01, **length}
        finetune.run(settings(finetune, out=Path(task), epochs=3, **more, **parts))
    parts = {part: Path(f"tags-{part}.txt") for part in ("train", "valid", "test")}
    compare.run(settings(compare, out=Path("compare"), epochs=1, **more, **parts))
    with contextlib.suppress(stop_after_an_epoch()):
        pretrain.run(settings(pretrain, out=Path("stopped"), **raw))


def answers():
    """What the models of this commit say, to be compared with what is said later."""
    import keras
    import numpy as np

    from kerasbert.training.predictor import Predictor

    texts = [(text,) for text in TEXTS]
    found = {"texts": TEXTS, "backend": keras.backend.backend()}
    for task in ("tags", "binary"):
        found[task] = np.asarray(Predictor(task).probabilities(texts)).tolist()
    try:
        from kerasbert.training.embedder import Embedder
    except ImportError:  # 0.1.0 had none
        return found
    for run in ("lm", "tags"):
        found[f"{run} vectors"] = np.asarray(Embedder(run).pooled(texts)).tolist()
    return found


def wanted(path):
    """Whether a file is needed: the store and the states of a run are, where it is to go on."""
    unneeded = {"compiled"} if path.parts[0] == "stopped" else {"compiled", "store", "state"}
    return not unneeded & set(path.parts) and path.suffix not in {".html", ".png"}


def main(name):
    """Make everything in a folder of its own, and pack what a user would have of it."""
    out = Path(f"{name}.zip").absolute()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make(name, "transformer" if name == "rooms" else "text-cnn")
        Path("answers.json").write_text(json.dumps(answers()))
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
            for path in sorted(Path().rglob("*")):
                if path.is_file() and wanted(path):
                    file.write(path)
        os.chdir(out.parent)


if __name__ == "__main__":
    main(sys.argv[1])
