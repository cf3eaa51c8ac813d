"""The pre-training model at the edges of its inputs."""

import numpy as np
import pytest
from few_blocks import FEW_BLOCKS

from kerasbert.config import CONFIGS
from kerasbert.models import build_embedding, build_encoder, build_pretrain_model, compile_pretrain
from kerasbert.tasks import MaskedLM


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_a_batch_without_masked_positions(name):
    task = MaskedLM(vocabulary_size=20)
    config = CONFIGS[name](vocabulary_size=20, d_model=16, **FEW_BLOCKS[name])
    model = build_pretrain_model(build_embedding(config), build_encoder(config), [task])
    compile_pretrain(model, [task], "sgd")
    ids = np.random.default_rng(0).integers(5, 20, (3, 6)).astype(np.int32)
    none = np.zeros((3, 0), np.int32)
    inputs = {"token_ids": ids, "segment_ids": ids * 0, "masked_positions": none}
    outputs = model.predict(inputs, verbose=0)[task.name]
    assert outputs.shape == (3, 0, 20)
    before = model.get_weights()
    weights = {task.name: none.astype(np.float32)}
    assert model.train_on_batch(inputs, {task.name: none}, weights) == 0
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
