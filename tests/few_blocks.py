"""Settings that leave an encoder of each name no more blocks than there are kinds of them."""

FEW_BLOCKS = {"text-cnn": {}, "transformer": {"layers": 2}, "modernbert": {"layers": 2}}
