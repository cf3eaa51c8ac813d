"""Files are whole or not there."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from kerasbert.files import ArrayWriter, atomic_path, to_json, write_bytes, write_json, write_text


def test_a_file_appears_with_its_folder(tmp_path):
    write_text(tmp_path / "new" / "folder" / "a.txt", "Grün\r\n")
    assert (tmp_path / "new" / "folder" / "a.txt").read_bytes() == "Grün\r\n".encode()


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "report.html"
    write_bytes(path, b"old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_the_temporary_name_has_the_suffix_that_writers_look_at(tmp_path):
    with atomic_path(tmp_path / "model.keras") as temporary:
        assert temporary.suffix == ".keras" and temporary.parent == tmp_path
        temporary.write_bytes(b"x")


def test_json_takes_what_numpy_gives(tmp_path):
    values = {"f1": np.float32(0.5), "rows": np.arange(2), "path": tmp_path, "name": "schön"}
    write_json(tmp_path / "a.json", values)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    expected = {"f1": 0.5, "rows": [0, 1], "path": str(tmp_path), "name": "schön"}
    assert json.loads(text) == expected and "schön" in text


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_json_has_null_and_the_reason_for_what_is_no_number(tmp_path):
    values = {
        "loss": math.nan,
        "rows": [{"f1": np.float32("nan"), "n": 1}, {"f1": 0.5}],
        "values": np.array([1.0, np.inf]),
        "far": {"most": -math.inf, "most_reason": "nothing was reached"},
        "path": tmp_path,
    }
    write_json(tmp_path / "a.json", values)
    assert strict((tmp_path / "a.json").read_text(encoding="utf-8")) == {
        "loss": None,
        "loss_reason": "not a number (NaN)",
        "rows": [{"f1": None, "f1_reason": "not a number (NaN)", "n": 1}, {"f1": 0.5}],
        "values": [1.0, None],
        "values_reason": "1 of 2 are no finite numbers",
        "far": {"most": None, "most_reason": "nothing was reached"},
        "path": str(tmp_path),
    }
    assert to_json([math.nan, "ü", True]) == '[null, "ü", true]'


def test_one_function_writes_all_json():
    """`json.dumps` elsewhere is compared or shown, or the output of a builder of data."""
    root = Path(__file__).parents[1]
    found = {
        str(path.relative_to(root))
        for folder in ("kerasbert", "recipes")
        for path in (root / folder).rglob("*.py")
        if re.search(r"json\.dumps?\(", path.read_text(encoding="utf-8"))
    }
    assert found <= {
        "kerasbert/files.py", "kerasbert/text/workspace.py", "kerasbert/text/inputs.py",
    }  # fmt: skip


def test_an_array_written_by_rows_is_what_numpy_reads(tmp_path):
    path = tmp_path / "vectors.npy"
    with ArrayWriter(path, width=3) as writer:
        for rows in (1, 0, 12_345):
            writer.add(np.full((rows, 3), rows, np.float64))
    found = np.load(path, mmap_mode="r")
    assert found.shape == (12_346, 3) and found.dtype == np.float32 and found[-1, 0] == 12_345
    with pytest.raises(RuntimeError), ArrayWriter(path) as writer:
        raise RuntimeError
    assert np.load(path).shape == (12_346, 3) and len(list(tmp_path.iterdir())) == 1
