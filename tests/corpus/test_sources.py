"""Inputs: which files a path names, in which order, and in which pieces they are cut."""

import gzip
import io
import os
import pickle
import sys
import types

import pyarrow
import pyarrow.parquet
import pytest
import zstandard

from kerasbert.corpus.prepare.cutting import Piece, cut
from kerasbert.corpus.prepare.pieces import ReadOptions, read_piece
from kerasbert.corpus.prepare.sources import Source, find_inputs, open_source
from kerasbert.errors import InputError


def names(paths, **options):
    return [source.name for source in find_inputs(paths, **options)]


def test_files_keep_the_order_given(write):
    paths = [write("b", "b.txt"), write("a", "a.txt")]
    assert names(paths) == ["b.txt", "a.txt"]
    first = find_inputs(paths)[0]
    assert first == Source(str(paths[0]), "b.txt", 1, "text", None)
    assert pickle.loads(pickle.dumps(Piece(first, 0, 1, 1))) == Piece(first, 0, 1, 1)


def test_folders_and_globs_are_sorted_and_hidden_files_left_out(write, tmp_path):
    for name in ("x/b.txt", "x/a/z.txt", "x/a/y.jsonl", "x/.git/no", "x/a.b/c.txt", "x/.no"):
        write("text", name)
    everything = ["a/y.jsonl", "a/z.txt", "a.b/c.txt", "b.txt"]
    assert names([tmp_path / "x"]) == everything
    assert names([f"{tmp_path}/x/*.txt"]) == ["b.txt"]
    assert names([f"{tmp_path}/x/**/*.txt"]) == ["a/z.txt", "a.b/c.txt", "b.txt"]
    assert names([f"{tmp_path}/?/a*/*"]) == ["x/a/y.jsonl", "x/a/z.txt", "x/a.b/c.txt"]


def test_links_are_followed_and_circles_are_not(write, tmp_path):
    write("text", "elsewhere/deep/b.txt")
    write("text", "x/a.txt")
    (tmp_path / "x" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "x" / "c.txt").symlink_to(tmp_path / "x" / "a.txt")
    (tmp_path / "x" / "round").symlink_to(tmp_path / "x")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "x")
    everything = ["a.txt", "c.txt", "link/deep/b.txt"]
    assert names([tmp_path / "x"]) == everything
    assert names([f"{tmp_path}/x/**/*.txt"]) == everything
    assert names([f"{tmp_path}/x/l*/deep/*"]) == ["link/deep/b.txt"]


@pytest.mark.parametrize("pattern", ["", "/**/*.txt", "/*", "/*/*", "/gon*"])
def test_a_broken_link_is_named(write, tmp_path, pattern):
    write("text", "x/a.txt")
    (tmp_path / "x" / "gone.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"gone\.txt: a broken link, .*nowhere is not there"):
        find_inputs([f"{tmp_path}/x{pattern}"])
    with pytest.raises(InputError, match=r"gone\.txt: a broken link"):
        find_inputs([tmp_path / "x" / "gone.txt"])


def test_what_is_neither_file_nor_folder_is_named(write, tmp_path):
    write("text", "x/a.txt")
    os.mkfifo(tmp_path / "x" / "pipe")
    with pytest.raises(InputError, match="pipe: neither a file nor a folder"):
        find_inputs([tmp_path / "x"])
    assert names([f"{tmp_path}/x/*.txt"]) == ["a.txt"]


def test_streams_are_kept_in_the_spool_by_number(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(b"one\n")))
    read, written = os.pipe()
    with os.fdopen(written, "wb") as pipe:
        pipe.write(gzip.compress(b"two\n"))
    try:
        found = find_inputs(["-", f"/dev/fd/{read}"], spool=tmp_path / "inputs")
    finally:
        os.close(read)
    assert [source.name for source in found] == ["standard input", "pipe-1"]
    assert [source.shown for source in found] == ["standard input", f"/dev/fd/{read}"]
    texts = [d.text for piece in cut(found, 100) for d in read_piece(piece, ReadOptions())]
    assert texts == ["one", "two"]
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(b"one\n")))
    with pytest.raises(InputError, match="standard input is named twice"):
        find_inputs(["-", "-"], spool=tmp_path / "inputs")


def test_one_path_in_place_of_a_list_is_refused():
    with pytest.raises(TypeError, match=r"expected a list of paths. Received: 'raw.txt'"):
        find_inputs("raw.txt")


def test_a_file_whose_name_looks_like_a_glob(write, tmp_path):
    path = write("text", "a[1].txt")
    assert names([path]) == ["a[1].txt"]


def test_kinds_are_told_by_content_and_name(write):
    kinds = {
        "a.txt": (b"text", "text", None),
        "b": (gzip.compress(b"text"), "text", "gz"),
        "c.jsonl.zst": (zstandard.compress(b"{}"), "jsonl", "zst"),
        "d.JSON": (b"{}", "jsonl", None),
        "e": (b"PAR1", "parquet", None),
    }
    for name, (content, text_format, packing) in kinds.items():
        path = write(content, name)
        source = find_inputs([path])[0]
        assert (source.format, source.packing) == (text_format, packing), name
        assert source.size == len(content)
        with open_source(source) as file:
            assert file.read() == content
    assert find_inputs([write(b"{}", "f.txt")], text_field="text")[0].format == "jsonl"


def test_pieces_cover_a_file(write):
    plain = find_inputs([write("x" * 25)])
    assert [(piece.start, piece.stop) for piece in cut(plain, 10)] == [(0, 10), (10, 20), (20, 25)]
    packed = find_inputs([write(gzip.compress(b"x" * 1000), "a.gz")])
    assert cut(packed, 10) == [Piece(packed[0], 0, packed[0].size, packed[0].size)]
    assert cut(find_inputs([write("", "empty")]), 10) == []


@pytest.mark.parametrize("piece_bytes", [1, 100, 1 << 20])
def test_pieces_cover_the_row_groups_of_parquet(tmp_path, piece_bytes):
    path = tmp_path / "file.parquet"
    values = pyarrow.table({"text": ["x" * number for number in range(50)]})
    pyarrow.parquet.write_table(values, path, row_group_size=7, compression=None)
    pieces = cut(find_inputs([path]), piece_bytes)
    assert [piece.start for piece in pieces] == [0, *[piece.stop for piece in pieces[:-1]]]
    assert pieces[-1].stop == 8
    assert len(pieces) == (8 if piece_bytes == 1 else 1 if piece_bytes == 1 << 20 else len(pieces))
    assert abs(sum(piece.bytes for piece in pieces) - path.stat().st_size) <= len(pieces)


def test_standard_input_is_kept_in_the_spool(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(b"one\n\xff\n")))
    sources = find_inputs(["-"], spool=tmp_path)
    assert [(source.name, source.size, source.format) for source in sources] == [
        ("standard input", 6, "text")
    ]
    documents = read_piece(cut(sources, 100)[0], ReadOptions())
    assert next(documents).text == "one"
    with pytest.raises(InputError, match=r"^standard input:2: byte 0xff"):
        next(documents)


def test_addresses_are_opened_by_fsspec(write, tmp_path):
    """Its `file://` stands for all the others."""
    content = "eins\nzwei\ndrei ü\n"
    write(content, "x/b.txt")
    write('{"text": "json"}', "x/a/c.jsonl")
    for url, found in (
        (f"file://{tmp_path}/x/b.txt", ["b.txt"]),
        (f"file://{tmp_path}/x", ["a/c.jsonl", "b.txt"]),
        (f"file://{tmp_path}/x/*.txt", ["b.txt"]),
    ):
        sources = find_inputs([url])
        assert [source.name for source in sources] == found
        texts = [
            document.text
            for piece in cut(sources, 5)
            for document in read_piece(piece, ReadOptions())
        ]
        assert texts == ["json"] * (len(found) > 1) + ["eins", "zwei", "drei ü"]


def test_what_is_not_there_is_named(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="no corpus file was named"):
        find_inputs([])
    with pytest.raises(InputError, match=r"none.txt: no such file"):
        find_inputs([tmp_path / "none.txt"])
    with pytest.raises(InputError, match=r"\*.none: no file has such a name"):
        find_inputs([f"{tmp_path}/*.none"])
    with pytest.raises(InputError, match="the folder holds no file"):
        find_inputs([tmp_path])
    with pytest.raises(InputError, match=r"file://.*none: no such file"):
        find_inputs([f"file://{tmp_path}/none"])
    with pytest.raises(InputError, match="nothing://x: cannot be opened"):
        find_inputs(["nothing://x"])
    with pytest.raises(InputError, match="standard input"):
        find_inputs(["-"])
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(InputError, match=r"pip install kerasbert\[remote\]"):
        find_inputs(["s3://bucket/file.txt"])
