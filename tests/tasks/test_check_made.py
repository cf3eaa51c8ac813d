"""What an objective makes is looked at before a model is given it."""

import numpy as np
import pytest

from kerasbert.batches import JointBatches, PretrainingBatches
from kerasbert.tasks import MaskedLM, TaskBatch
from kerasbert.tokenizer.special_ids import OURS


class Careless(MaskedLM):
    """Puts one number of a batch out of range."""

    def __init__(self, token=None, position=None):
        super().__init__(vocabulary_size=10)
        self.token, self.position = token, position

    def make(self, rows, rng):
        made = super().make(rows, rng)
        if self.token is not None:
            made.token_ids[0, 1] = self.token
        if self.position is not None:
            made.inputs["masked_positions"][0, 0] = self.position
        return made


@pytest.mark.parametrize("wrong", [{"token": -1}, {"token": 10**6}, {"position": -1},
                                   {"position": 32}])  # fmt: skip
def test_numbers_out_of_range(store, wrong):
    ((name, number),) = wrong.items()
    batches = PretrainingBatches(store, [Careless(**wrong)], max_length=32, batch_size=4)
    what = "token ids" if name == "token" else "masked_positions"
    with pytest.raises(ValueError, match=rf"'masked_lm' made {what} .*Received: .*{number}"):
        for step in range(batches.steps_per_epoch):
            batches.batch(step)


def test_beside_labels():
    class Labeled:
        steps_per_epoch = 1
        special = OURS

        def batch(self, step):
            ids = np.full((2, 8), 7, np.int32)
            return {"token_ids": ids, "segment_ids": ids * 0}, np.zeros((2, 1))

    JointBatches(Labeled(), Careless()).batch(0)
    with pytest.raises(ValueError, match=r"made masked_positions .*0 to 7\. Received: .*8"):
        JointBatches(Labeled(), Careless(position=8)).batch(0)


def test_an_objective_may_make_nothing(store):
    class Idle(MaskedLM):
        def make(self, rows, rng):
            none = np.zeros((len(rows.token_ids), 0), np.int32)
            return TaskBatch(none, none.astype(np.float32), inputs={"masked_positions": none})

    PretrainingBatches(store, [Idle(vocabulary_size=10)], max_length=32).batch(0)
