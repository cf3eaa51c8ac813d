"""Random numbers that cost little, and dropout by them: the arithmetic, in operations of Keras.

Below `dropout.py` and `tensorflow.py`, which both compute it.
"""

from keras import ops


def scramble(number):
    """A bijection of 32-bit numbers: each bit that changes flips about half of the result's.

        number   (...)  uint32
        returns  (...)  uint32

    The shifts and factors are those of "lowbias32" (Wellons, hash-prospector,
    https://github.com/skeeto/hash-prospector).
    """
    number = ops.bitwise_xor(number, ops.right_shift(number, _word(16)))
    number = number * _word(0x7FEB352D)
    number = ops.bitwise_xor(number, ops.right_shift(number, _word(15)))
    number = number * _word(0x846CA68B)
    return ops.bitwise_xor(number, ops.right_shift(number, _word(16)))


def _word(number: int):
    return ops.convert_to_tensor(number, dtype="uint32")


def random_words(index, seed):
    """A random 32-bit number for each element: its index, scrambled by the seed.

        index    (...)  uint32
        seed     (2,)   uint32
        returns  (...)  uint32

    A hash of a counter, as Salmon et al. 2011 (https://doi.org/10.1145/2063384.2063405) propose,
    of far fewer operations than theirs, which is all that dropout needs.
    """
    first = scramble(seed[0])
    second = scramble(ops.bitwise_xor(first, seed[1]))
    return scramble(index * ops.bitwise_or(first, _word(1)) + second)


def drop(inputs, index, rate: float, seed):
    """Set a share of the numbers to 0, and scale the others so that the mean stays.

    inputs   (...)  float
    index    (...)  uint32, of each number: 0, 1, 2, ...
    seed     (2,)   uint32
    returns  (...)  dtype of `inputs`
    """
    kept = ops.less(random_words(index, seed), _word(round((1 - rate) * 2**32)))
    return ops.where(kept, inputs / (1 - rate), ops.zeros_like(inputs))
