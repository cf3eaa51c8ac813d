"""Lines: every harmless variation reads alike, every wrong line is named."""

import gzip
import io
import os
import sys
import tracemalloc
import types

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from kerasbert.errors import InputError
from kerasbert.text import lines
from kerasbert.text.lines import LineProblems, read_lines, split_lines, stream_lines

HARMLESS = {
    "plain": "eins\nzwei ü\n".encode(),
    "windows line ends": "eins\r\nzwei ü\r\n".encode(),
    "byte-order mark": b"\xef\xbb\xbf" + "eins\nzwei ü\n".encode(),
    "no last newline": "eins\nzwei ü".encode(),
    "trailing spaces": "eins  \nzwei ü\t \n".encode(),
    "zstandard": zstandard.compress("eins\nzwei ü\n".encode()),
    "two frames": zstandard.compress(b"eins\nzw") + zstandard.compress("ei ü\n".encode()),
    "gzip": gzip.compress("eins\nzwei ü\n".encode()),
    "gzip of windows text with a mark": gzip.compress(b"\xef\xbb\xbf" + "eins\r\nzwei ü".encode()),
}


@pytest.mark.parametrize("content", HARMLESS.values(), ids=HARMLESS.keys())
def test_harmless_variations_read_alike(write, content):
    assert list(read_lines(write(content))) == [(1, "eins"), (2, "zwei ü")]


def test_only_newline_ends_a_line(write):
    text = "a\u2028b\x0bc\x85d\x0ce\rf"
    assert list(read_lines(write(text + "\n"))) == [(1, text)]


def test_lines_of_an_old_mac_behind_others_are_no_document(write):
    """The head of the file looks as it should; a few carriage returns are a text's own."""
    path = write("".join(f"line {n}\n" for n in range(300)) + "a\rb\r" * 40)
    with pytest.raises(InputError, match=r":301: 80 carriage returns .* tr '.r' '.n'$"):
        list(read_lines(path))
    problems = LineProblems(skip=True)
    assert len(list(read_lines(path, problems))) == 300 and problems.skipped == 1
    few = "\r".join(["word"] * 20)
    assert list(read_lines(write("x\n" * 30 + f"{few}\r\n")))[30:] == [(31, few)]


def test_empty_lines_keep_their_numbers(write):
    assert list(read_lines(write("\n\nx\n"))) == [(1, ""), (2, ""), (3, "x")]
    assert list(read_lines(write(""))) == []


def test_wrong_encoding_names_line_byte_and_remedy(write):
    path = write("gut\nsch\xf6n\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"file.txt:2: byte 0xf6 at position 4 .*UTF-8") as error:
        list(read_lines(path, LineProblems()))
    assert "--skip-bad-lines" in str(error.value)


def test_bad_lines_are_skipped_and_counted(write):
    problems = LineProblems(skip=True)
    path = write(b"a\n" + b"\xff\n" * 7 + b"b\n")
    assert list(read_lines(path, problems)) == [(1, "a"), (9, "b")]
    assert problems.skipped == 7
    assert len(problems.examples) == 5
    assert f"{path}:2: byte 0xff" in problems.examples[0]


def test_utf16_is_named(write):
    with pytest.raises(InputError, match="UTF-16"):
        list(read_lines(write("text\n".encode("utf-16"))))


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        list(read_lines(tmp_path / "none.txt"))
    with pytest.raises(InputError, match="folder"):
        list(read_lines(tmp_path))
    with pytest.raises(InputError, match="cannot be opened"):
        list(read_lines("nul\0byte"))


@pytest.mark.parametrize("damage", ["cut", "garbled"])
def test_damaged_gzip(write, damage):
    packed = bytearray(gzip.compress(b"some text that is packed\n" * 1000))
    if damage == "cut":
        del packed[len(packed) // 2 :]
    else:
        packed[20:60] = b"\x00" * 40
    with pytest.raises(InputError, match="gzip file is damaged or cut short"):
        list(read_lines(write(bytes(packed), "file.gz")))


def test_damaged_zstandard(write):
    packed = zstandard.compress(bytes(range(256)) * 1000)
    with pytest.raises(InputError, match=r"file.zst: the Zstandard file is damaged"):
        list(read_lines(write(packed[:8] + b"\xff" * 20 + packed[8:], "file.zst")))


def test_zstandard_needs_its_package(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    path = write(zstandard.compress(b"text\n"))
    with pytest.raises(InputError, match=r"file.txt: .*pip install kerasbert\[zst\]"):
        list(read_lines(path))


@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_line_too_long_is_refused_without_reading_it_whole(write, monkeypatch, end):
    monkeypatch.setattr(lines, "LONGEST_LINE", 1 << 20)
    longest = b"x" * (1 << 20)
    assert len(list(read_lines(write(longest + end)))) == 1
    path = write(b"a\n" + longest + b"x" + end + b"b" + end)
    with pytest.raises(InputError, match=r"file.txt:2: the line is longer than .* put line ends"):
        list(read_lines(path))
    problems = LineProblems(skip=True)
    kept = list(read_lines(path, problems))
    assert kept == [(1, "a"), (3, "b")] if end else [(1, "a")]
    assert problems.skipped == 1


def test_an_endless_line_takes_no_memory(tmp_path):
    """A gigabyte without a line end, read under a limit of memory; the file takes no room."""
    path = tmp_path / "endless.txt"
    with path.open("wb") as file:
        file.write(b"x" * (1 << 20))  # zeros from the first byte on would be no text
        file.truncate(1 << 30)
    tracemalloc.start()
    with pytest.raises(InputError, match="longer than 16 MB"):
        list(read_lines(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 << 20


def test_a_line_is_there_as_soon_as_it_has_arrived():
    """A pipe that stays open: the answer to a line does not wait for the next one."""
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as stream:
        arrived = stream_lines(stream, "pipe")
        os.write(write_end, b"one\ntwo\nthr")
        assert [next(arrived), next(arrived)] == [(1, "one"), (2, "two")]
        os.write(write_end, b"ee")
        os.close(write_end)
        assert list(arrived) == [(3, "three")]


@given(st.binary(max_size=200), st.integers(1, 20))
def test_lines_and_their_places(content, block):
    """Offsets point to the lines, whatever arrives at a time."""
    stream = io.BytesIO(content)
    small = types.SimpleNamespace(read1=lambda size: stream.read(block))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    found = list(split_lines(small, "name"))
    expected = content.removesuffix(b"\n").split(b"\n") if content else []
    assert [number for number, _, _ in found] == list(range(len(expected)))
    for (_, offset, line), whole in zip(found, expected, strict=True):
        assert content[offset : offset + len(whole)] == whole
        assert line == (whole if offset else whole.removeprefix(b"\xef\xbb\xbf"))
