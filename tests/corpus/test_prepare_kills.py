"""A command that is killed goes on where it was, and ends with the same bytes."""

import pytest

from benchmarks.soak.prepare_kills import kill_often


@pytest.mark.slow
def test_killed_commands_end_with_the_same_store(tmp_path):
    """Three of the twenty that `python -m benchmarks.soak.prepare_kills` makes."""
    found = kill_often(tmp_path, stores=3, seed=1)
    assert found["stores"] == found["same"] == 3
    assert found["kills"] >= 3 and not found["orphans"]
