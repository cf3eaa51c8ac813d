"""Pipes where a file is expected: read once, copied where needed, gone afterwards."""

import contextlib
import io
import os
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from kerasbert.errors import InputError
from kerasbert.streams import (
    check_standard_input,
    copies_kept,
    copy_stream,
    is_stream,
    open_stream,
    readable,
)


@pytest.fixture
def fifo(tmp_path):
    """A named pipe, and a function that sends something through it."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    threads = []

    def send(content):
        thread = threading.Thread(target=lambda: path.write_bytes(content))
        thread.start()
        threads.append(thread)
        return path

    yield send
    for thread in threads:
        thread.join(10)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_what_can_be_read_only_once(tmp_path):
    (tmp_path / "file").write_text("text")
    os.mkfifo(tmp_path / "fifo")
    for path in ("-", "/dev/null", tmp_path / "fifo"):
        assert is_stream(path)
    for path in (tmp_path / "file", tmp_path, tmp_path / "none", "nul\0byte"):
        assert not is_stream(path)


def test_a_file_is_not_copied(tmp_path, temporary):
    (tmp_path / "file").write_text("text")
    with copies_kept(), readable(tmp_path / "file") as path:
        assert path == tmp_path / "file"
    assert not list(temporary.iterdir())


def test_a_pipe_is_copied_once_and_can_be_read_again(fifo, temporary):
    path = fifo(b"one\ntwo\n")
    with copies_kept():
        for _ in range(2):
            with readable(path) as copy, copy.open("rb") as file:
                assert file.read() == b"one\ntwo\n"
                file.seek(4)
                assert file.read() == b"two\n"
        assert len(list(temporary.iterdir())) == 1
    assert not list(temporary.iterdir())
    with readable(fifo(b"three\n")) as copy:  # by itself: not what was kept before
        assert copy.read_bytes() == b"three\n"
    assert not list(temporary.iterdir())


def test_a_copy_is_gone_after_an_error(fifo, temporary):
    with contextlib.suppress(KeyboardInterrupt), readable(fifo(b"one")):
        raise KeyboardInterrupt
    assert not list(temporary.iterdir())


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"text")))
    with readable("-") as copy:
        assert copy.read_bytes() == b"text"
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="is closed"), open_stream("-"):
        pass


def test_no_room_for_a_copy_is_said(fifo):
    with pytest.raises(InputError, match=r"could not be kept in /dev .*Check the room"):
        copy_stream(fifo(b"x" * 100_000), Path("/dev/full"))


@pytest.mark.parametrize("other", ["-", "/dev/stdin"])
def test_standard_input_is_for_one_flag(other):
    check_standard_input({"train": Path("-"), "valid": Path("valid.txt"), "text_field": "-"})
    with pytest.raises(InputError, match=r"--train and --valid: .* one of them only"):
        check_standard_input({"train": Path("-"), "valid": Path(other)})
    with pytest.raises(InputError, match=r"--corpus and --vectors"):
        check_standard_input({"corpus": ("a", "-"), "vectors": Path(other)})
