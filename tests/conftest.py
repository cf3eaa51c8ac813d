"""What several tests share: a check that every layer must pass, and small real files."""

import datetime
import gc
import os
import random
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
from fast_compiling import FAST_COMPILING
from hypothesis import settings
from needs_backend import FIXTURES, ROOT, needs_backend

from kerasbert.backend import installed_backends

# Set before any backend is imported; the processes that tests start inherit it.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# JAX compiles tiny models fast, and once. What must agree between backends is also computed as
# users compile it: see tests/across_backends.
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + FAST_COMPILING
CACHE = ROOT / ".pytest_cache" / "jax"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

# How long an example takes says more about the machine than about the code.
settings.register_profile("kerasbert", deadline=None)
settings.load_profile("kerasbert")

ONCE = [ROOT / "tests" / name for name in ("across_backends", "benchmarks")]
# Whose turn it is: mostly PyTorch's, which compiles nothing and takes a third of the others' time.
FORTNIGHT = ("torch", "jax", *["torch"] * 6, "tensorflow", *["torch"] * 5)


def pytest_addoption(parser):
    help = "on this backend also the files that `make test` runs on another one today"
    parser.addoption("--everywhere", action="store_true", help=help)


def pytest_ignore_collect(collection_path):
    """KERAS_BACKEND=none: for the tests without Keras, which then cannot be imported."""
    if os.environ.get("KERAS_BACKEND") == "none" and collection_path.match("test_*.py"):
        return needs_backend(collection_path) or None
    return None


def pytest_itemcollected(item):
    """The markers that follow from what a test imports and where it stands."""
    if needs_backend(item.path) or FIXTURES & set(getattr(item, "fixturenames", ())):
        item.add_marker(pytest.mark.backend)
    if any(folder in item.path.parents for folder in ONCE):
        item.add_marker(pytest.mark.once)


def pytest_collection_modifyitems(config, items):
    """`in_turn`: a file on one backend today, within two weeks on each of them (`FORTNIGHT`).

    Not what is named on the command line: that runs wherever it is called.
    """
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    if named or config.getoption("--everywhere"):
        return
    backends, day = installed_backends(), datetime.date.today().toordinal()
    turns = [item for item in items if item.get_closest_marker("in_turn")]
    files = sorted({item.path for item in turns})
    for item in turns:
        turn = day + files.index(item.path)
        today = FORTNIGHT[turn % len(FORTNIGHT)]
        if today not in backends:
            today = backends[turn % len(backends)]
        if os.environ["KERAS_BACKEND"] != today:
            item.add_marker(pytest.mark.skip(reason=f"today on {today}; --everywhere: here, too"))


def pytest_collection_finish(session):
    """What is imported by now stays: the garbage collector needs not look through it each time."""
    gc.collect()
    gc.freeze()


ANIMALS = ["cat", "dog", "horse", "mouse", "bird", "fish"]
PLANTS = ["oak", "rose", "fern", "moss", "tulip", "pine"]
COMMON = ["the", "small", "old", "green", "one", "saw", "near"]
COMMON += ["of", "under", "it", "we", "found", "and", "then"]


def sentence(rng: random.Random, words: list[str], length: int) -> str:
    """Words of a topic among common ones: there is something to learn in it."""
    return " ".join(rng.choice(words if rng.random() < 0.4 else COMMON) for _ in range(length))


def document(rng: random.Random, words: list[str]) -> str:
    """One to four sentences about a topic."""
    sentences = [sentence(rng, words, rng.randint(4, 12)) for _ in range(rng.randint(1, 4))]
    return " ".join(f"{text}." for text in sentences)


@pytest.fixture(scope="session", autouse=True)
def one_length():
    """On JAX a batch is padded to the longest length: each length is a program to compile.

    Yields the function that finds the lengths of users, or None where nothing is changed. They have
    theirs on TensorFlow, where it is a second one that makes a length open, on PyTorch, in
    tests/across_backends, and where `every_length` is asked for.
    """
    if os.environ.get("KERAS_BACKEND") != "jax":
        yield None
        return
    from kerasbert.batches import order

    theirs = order.length_buckets
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "length_buckets", lambda max_length: np.array([max_length]))
        yield theirs


@pytest.fixture
def every_length(one_length, monkeypatch):
    """Batches are padded to the few lengths that users have, on JAX, too."""
    if one_length is not None:
        monkeypatch.setattr("kerasbert.batches.order.length_buckets", one_length)


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> Path:
    """A folder with raw.txt, and train.txt, valid.txt and test.txt labelled with two topics."""
    folder = tmp_path_factory.mktemp("files")
    rng = random.Random(0)
    topics = {"animal": ANIMALS, "plant": PLANTS}
    raw = [document(rng, rng.choice(list(topics.values()))) for _ in range(400)]
    (folder / "raw.txt").write_text("\n".join(raw) + "\n", encoding="utf-8")
    for name, count in (("train", 96), ("valid", 40), ("test", 30)):
        lines = []
        for _ in range(count):
            chosen = rng.choice([["animal"], ["plant"], ["animal", "plant"]])
            text = " ".join(document(rng, topics[topic]) for topic in chosen)
            lines.append(text + "".join(f" __label__{topic}" for topic in chosen))
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def store(files):
    """The token store of raw.txt."""
    from kerasbert import TokenStore, prepare_store

    prepare_store([files / "raw.txt"], files / "store", style="word", vocabulary_size=100)
    return TokenStore.open(files / "store")


@pytest.fixture
def pipe():
    """A path that can be read once, as the shell's <(COMMAND) makes them."""
    ends, threads = [], []

    def make(content):
        read, write = os.pipe()

        def send():
            with os.fdopen(write, "wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode())

        threads.append(threading.Thread(target=send))
        threads[-1].start()
        ends.append(read)
        return f"/dev/fd/{read}"

    yield make
    for read in ends:
        os.close(read)
    for thread in threads:
        thread.join(10)


@pytest.fixture
def small_disk(tmp_path):
    """Makes a folder on a disk of its own, of a size such as "64k"."""
    mounted = []

    def make(size: str) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("only root may mount a small disk")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def check_layer(tmp_path):
    """What holds for every layer: shape, config, gradients, save and load."""
    import keras

    from kerasbert.models.compiling import compile_and_build

    def check(layer, *inputs):
        symbolic = [keras.Input(x.shape[1:], dtype=str(x.dtype)) for x in inputs]
        output = layer(*symbolic)
        model = keras.Model(symbolic, output)
        before = np.asarray(model.predict(list(inputs), verbose=0))
        assert tuple(output.shape[1:]) == before.shape[1:]
        assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()

        model.save(tmp_path / "layer.keras")
        again = keras.models.load_model(tmp_path / "layer.keras")
        np.testing.assert_array_equal(again.predict(list(inputs), verbose=0), before)

        weights = [np.asarray(keras.ops.convert_to_numpy(w)) for w in layer.trainable_weights]
        compile_and_build(model, keras.optimizers.SGD(1.0), loss="mse")
        target = np.random.default_rng(0).normal(size=before.shape)
        model.train_on_batch(list(inputs), target)
        for weight, old in zip(layer.trainable_weights, weights, strict=True):
            moved = not np.array_equal(keras.ops.convert_to_numpy(weight), old)
            assert moved, weight.path
        return before

    return check


@pytest.fixture(scope="session")
def classifier_run(files, tmp_path_factory) -> Path:
    """A fine-tuned run that tells the two topics apart. Copy it before you change it."""
    from kerasbert.recipes import finetune

    out = tmp_path_factory.mktemp("classifier") / "tags"
    parts = {name: files / f"{name}.txt" for name in ("train", "valid", "test")}
    options = {
        "d_model": 16,
        "epochs": 20,
        "learning_rate": 0.01,
        "thresholds": "half",
        "batch_size": 16,
    }
    finetune.run(finetune.Config(out=out, max_length=40, **options, **parts))
    return out


@pytest.fixture
def write(tmp_path):
    """Write a file and return its path."""

    def write(content, name="file.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write
