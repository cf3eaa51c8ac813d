"""Loading in several threads, while layers are built in them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from kerasbert.runs import loading

THREADS = 8


@pytest.fixture
def saved(tmp_path):
    """A small model's file, and its weights."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    model.save(tmp_path / "model.keras")
    return tmp_path / "model.keras", model.get_weights()


def kernel_of_a_new_layer():
    layer = keras.layers.Dense(5)
    layer.build((None, 7))
    return keras.ops.convert_to_numpy(layer.kernel)


def test_eight_threads_that_load_and_build_at_once(saved):
    path, expected = saved
    start = threading.Barrier(THREADS)

    def load_and_build(_):
        start.wait()
        found = []
        for _ in range(4):
            weights = loading.load_saved(path).get_weights()
            assert all(map(np.array_equal, weights, expected))
            found.append(kernel_of_a_new_layer())
        return found

    with ThreadPoolExecutor(THREADS) as threads:
        kernels = [one for found in threads.map(load_and_build, range(THREADS)) for one in found]
    kernels.append(kernel_of_a_new_layer())
    assert min(np.abs(kernel).max() for kernel in kernels) > 0


def test_loads_that_overlap_leave_nothing_behind():
    """The second begins within the first and ends after it, which chance brings about rarely."""
    second_began, first_ended = threading.Event(), threading.Event()

    def second():
        with loading.no_random_weights():
            second_began.set()
            assert first_ended.wait(60)

    thread = threading.Thread(target=second)
    with loading.no_random_weights():
        thread.start()
        assert second_began.wait(60)
        assert not kernel_of_a_new_layer().any()  # this thread loads
    assert kernel_of_a_new_layer().any()  # while the other still does
    first_ended.set()
    thread.join()
    assert kernel_of_a_new_layer().any()
    initializer = keras.initializers.GlorotUniform(seed=1)
    assert initializer.clone()((2, 2)).shape == (2, 2)
