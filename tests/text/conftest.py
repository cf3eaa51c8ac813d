"""What tests of readers share."""

import pytest


@pytest.fixture
def write(tmp_path):
    """Write a file and return its path."""

    def write(content, name="file.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write
