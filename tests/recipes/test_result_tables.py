"""What the recipes and rooms beside Keras look up by a choice has all of its values."""

from typing import get_args

import pytest

from kerasbert import choices
from kerasbert.recipes import toy
from kerasbert.tasks import TASKS
from kerasbert.training.precision import POLICIES


@pytest.mark.parametrize(
    "table, choice",
    [
        (TASKS, choices.TaskName),
        (POLICIES, choices.Precision),
        # The counting task shows encoders in an order of its own.
        (get_args(toy.Config.__annotations__["encoder"]), choices.EncoderName),
    ],
)
def test_a_table_has_every_value(table, choice):
    assert set(table) == set(get_args(choice))
