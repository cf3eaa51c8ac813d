"""States at padding, out of the way of a maximum: below `maximum.py` and `tensorflow.py`."""


def without_padding(states, mask):
    """States so low at padding that no maximum is there, in the range of float16."""
    return states + (mask - 1) * 6e4
