"""Formats: what is no text is named with its remedy; prose passes, whatever it looks like."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from kerasbert.corpus.prepare.sources import find_inputs
from kerasbert.errors import InputError
from kerasbert.text.formats import HEAD, check_head, form_of, suffix_of
from kerasbert.text.inputs import read_texts
from kerasbert.text.labeled import read_labeled
from kerasbert.text.lines import read_lines

TABLE = pyarrow.table({"text": ["a b", "c"], "label": ["x", "y"]})


def zipped(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "text")
    return file.getvalue()


def tarred():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return file.getvalue()


def arrow(new):
    file = io.BytesIO()
    with new(file, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return file.getvalue()


def parquet():
    file = io.BytesIO()
    pyarrow.parquet.write_table(TABLE, file)
    return file.getvalue()


def numpy_array():
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


NO_TEXT = {
    "bzip2": (bz2.compress(b"text\n"), "packed with bzip2", "bunzip2"),
    "xz": (lzma.compress(b"text\n"), "packed with xz", "unxz"),
    "lzma": (lzma.compress(b"text\n", lzma.FORMAT_ALONE), "packed with LZMA", "unlzma"),
    "zip": (zipped("a.txt"), "a ZIP archive", "unzip"),
    "docx": (zipped("[Content_Types].xml", "word/document.xml"), "an Office document", "Save its"),
    "odt": (zipped("mimetype"), "a ZIP archive", "unzip"),
    "tar.gz": (gzip.compress(tarred()), "a tar archive", "tar -xf"),
    "packed twice": (gzip.compress(gzip.compress(b"text\n")), "packed with gzip", "zcat"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF", "pdftotext"),
    "rtf": (b"{\\rtf1\\ansi text}", "rich text", "Save its text"),
    "arrow": (arrow(pyarrow.ipc.new_file), "an Arrow table", "JSON Lines"),
    "arrow stream": (arrow(pyarrow.ipc.new_stream), "an Arrow table", "JSON Lines"),
    "numpy": (numpy_array(), "a NumPy array", "JSON Lines"),
    "binary": (bytes(range(256)) + bytes(200), "binary data", "Name a file of UTF-8 text"),
    "utf-16": ("one\ntwo\n".encode("utf-16"), ":1: the file is UTF-16", "iconv -f UTF-16"),
    "utf-16 without a mark": ("eins\nzwei\n".encode("utf-16-le"), "is UTF-16", "iconv"),
    "utf-32": ("one\n".encode("utf-32"), "is UTF-32", "iconv -f UTF-32"),
    "old Mac": (b"one\rtwo\rthree\r", "a carriage return alone", "tr '\\r' '\\n'"),
    "old Mac, packed": (gzip.compress(b"one\rtwo\rthree"), "a carriage return alone", "tr"),
}


def readers(path):
    """How each command reads: labels, texts to answer, a corpus, word vectors."""
    return {
        "labels": lambda: read_labeled(path),
        "texts": lambda: list(read_texts(path)),
        "corpus": lambda: find_inputs([path]),
        "lines": lambda: list(read_lines(path)),
    }


@pytest.mark.parametrize("name", NO_TEXT)
def test_what_is_no_text_is_named_by_every_reader(write, name):
    content, what, remedy = NO_TEXT[name]
    for suffix in (".txt", ""):
        for read in readers(write(content, f"file{suffix}")).values():
            with pytest.raises(InputError, match="file") as error:
                read()
            assert what in str(error.value) and remedy in str(error.value)


def test_parquet_is_named_where_it_is_not_read(write):
    path = write(parquet(), "file.parquet")
    for holds, read in readers(path).items():
        if holds == "corpus":
            assert read()[0].format == "parquet"
        elif holds in ("labels", "texts"):
            assert len(read()) == 2
        else:
            with pytest.raises(InputError, match="this is Parquet, text was expected"):
                read()


RECORDS = [{"id": n, "text": f"wheat, corn {n}", "label": "grain"} for n in range(3)]
LINES = "".join(json.dumps(record) + "\n" for record in RECORDS)
CSV = "id,text,label\n" + "".join(f'{n},"wheat, corn",grain\n' for n in range(3))
STRUCTURED = {
    "json lines": (LINES, ".txt", "this is JSON Lines", "id, text, label"),
    "json lines by name": (LINES, ".jsonl", "this is JSON Lines", "id, text, label"),
    "a long record": ('{"text": "' + "x" * HEAD, ".txt", "this is JSON Lines", ""),
    "json": (json.dumps(RECORDS), ".txt", "this is a JSON document", ""),
    "json, indented": (json.dumps(RECORDS, indent=1), ".txt", "this is a JSON document", ""),
    "one record, indented": (json.dumps(RECORDS[0], indent=4), "", "this is a JSON document", ""),
    "json, cut": (json.dumps(RECORDS * 2000, indent=1), "", "this is a JSON document", ""),
    "csv": (CSV, ".txt", "this is a table", "id, text, label"),
    "csv by name": ("first\nwheat and corn\n", ".csv", "this is a table", "first"),
    "csv, packed by name": (CSV, ".csv.gz", "this is a table", "id, text, label"),
    "tsv": (CSV.replace(",", "\t"), ".txt", "this is a table", "id, text, label"),
    "tsv by name": ("1\twheat\tgrain\n", ".tsv", "this is a table", "1, wheat, grain"),
    "semicolons": ("Text;Label\nwheat;grain\n", "", "this is a table", "Text, Label"),
    "pairs with a header": ("sentence1\tsentence2\na\tb\n", ".txt", "this is a table", ""),
}


@pytest.mark.parametrize("name", STRUCTURED)
def test_tables_and_json_are_refused_where_prose_is_read(name):
    content, suffix, what, listed = STRUCTURED[name]
    with pytest.raises(InputError) as error:
        check_head(content.encode()[:HEAD], f"file{suffix}", "corpus")
    said = str(error.value)
    assert said.startswith(f"file{suffix}: {what}") and "kerasbert prep" in said and listed in said


@pytest.mark.parametrize("name", STRUCTURED)
def test_labels_are_read_from_what_the_file_is(name):
    content, suffix, what, _ = STRUCTURED[name]
    form = {"this is JSON Lines": "jsonl", "this is a table": "table"}.get(what, "json")
    assert form_of(content.encode()[:HEAD], f"file{suffix}", "labels")[0] == form


def test_the_readers_ask(write):
    path = write(LINES)
    with pytest.raises(InputError, match=r"this is JSON Lines.*fields are: id, text, label"):
        readers(path)["corpus"]()
    assert find_inputs([path], text_field="text")[0].format == "jsonl"


@pytest.mark.parametrize(
    ("content", "suffix", "what"),
    [
        (json.dumps(RECORDS), ".json", "one JSON document"),
        (json.dumps(RECORDS, indent=2), ".jsonl", "one JSON document"),
        (CSV, ".csv", "a table"),
    ],
)
def test_what_is_no_json_lines_where_these_are_expected(write, content, suffix, what):
    path = write(content, f"file{suffix}")
    with pytest.raises(InputError, match=f"this is {what}"):
        check_head(content.encode(), f"file{suffix}", "records")
    form = "table" if what == "a table" else "json"
    assert find_inputs([path], text_field="text")[0].format == form


PROSE = [
    "Wheat, corn and rice, all of them, rose.\nTitle, text and label are words, too.\n",
    "Dear Sir, the name, the date\nand so on, and on\n",
    "text\nlabel\n",
    "[citation needed] is what they say\n[1] and [2]\n",
    "{braces} open a template\n",
    '{"a": 1} is JSON, says the manual\nand this is not\n',
    '{"a": 1}\nthe line before is JSON, this one is not\n',
    '["a", "b"]\n',
    "{\n}\n",
    "{}\n",
    "42\n",
    "PK is a name, and so is ORC\n",
    "BZh is how it begins\n",
    "no end of line",
    "a\tb\nc\td\n",
    "progress 1%\rprogress 2%\nall done\n",
    "Windows\r\nline\r\nends\r\n",
    "ends twice\r\r\nas some do\r\r\n",
    "a \0 in a text that is long enough to be one\n",
    "",
    "\n\n",
]


@pytest.mark.parametrize("holds", ["labels", "texts", "corpus", "lines"])
@pytest.mark.parametrize("text", PROSE)
def test_prose_passes(text, holds):
    check_head(text.encode(), "file.txt", holds)


def test_our_own_lines_pass_whatever_the_name():
    for name in ("train.csv", "train.tsv", "train.json"):
        check_head(b"wheat, corn __label__a\nrice __label__b\n", name, "labels")
    check_head(b"a text\tanother\nmore\tof them\n", "pairs.tsv", "texts")
    check_head(b'{"text": 1} __label__json\n', "train.txt", "labels")


def test_suffixes():
    assert suffix_of("a/B.JSONL.gz") == ".jsonl" and suffix_of("b.gz") == ""
    assert suffix_of("a.b/c") == "" and suffix_of("x.tsv.ZST") == ".tsv"
