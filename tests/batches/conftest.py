"""What is said of batches here holds for the lengths that users have."""

import pytest


@pytest.fixture(autouse=True)
def _every_length(every_length):
    pass
