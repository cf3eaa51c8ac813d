"""Files are whole or not there."""

import io
import json
import math
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from kerasbert.errors import InputError
from kerasbert.files import (
    ArrayWriter,
    atomic_path,
    check_writable,
    to_json,
    trouble,
    write_bytes,
    write_json,
    write_text,
)


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
    """`json.dumps` elsewhere is compared, shown or parsed, or the output of a builder of data."""
    root = Path(__file__).parents[1]
    found = {
        str(path.relative_to(root))
        for folder in ("kerasbert", "recipes")
        for path in (root / folder).rglob("*.py")
        if re.search(r"json\.dumps?\(", path.read_text(encoding="utf-8"))
    }
    assert found <= {
        "kerasbert/files.py", "kerasbert/corpus/prepare/workspace.py", "kerasbert/text/inputs.py",
        "kerasbert/tokenizer/tokenizer.py", "kerasbert/tokenizer/vocabulary_change.py",
        "kerasbert/text/split.py",
        "kerasbert/checkpoints/vocabulary.py", "kerasbert/text/tagged.py",
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


def test_a_link_is_written_through_and_stays(tmp_path):
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "a.json").write_text("old")
    for name, target in (("a.json", "target/a.json"), ("new.json", "target/deep/new.json")):
        (tmp_path / name).symlink_to(target)
        write_json(tmp_path / name, {"f1": 1})
        assert (tmp_path / name).is_symlink() and not (tmp_path / target).is_symlink()
        assert json.loads((tmp_path / target).read_text()) == {"f1": 1}
    names = sorted(path.name for path in tmp_path.rglob("*"))
    assert names == ["a.json", "a.json", "deep", "new.json", "new.json", "target"]


def test_a_file_keeps_its_mode_and_a_new_one_has_the_usual(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    usual = path.stat().st_mode
    (tmp_path / "b.txt").touch()
    assert usual == (tmp_path / "b.txt").stat().st_mode
    for mode in (0o600, 0o664, 0o755):
        path.chmod(mode)
        write_text(path, "new")
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_pipe_gets_the_content_when_it_is_complete(tmp_path):
    pipe = tmp_path / "pipe.npy"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    with ArrayWriter(pipe, width=2) as writer:  # which goes back to its header in the end
        writer.add(np.arange(6.0).reshape(3, 2))
    reader.join()
    np.testing.assert_array_equal(np.load(io.BytesIO(read[0])), np.arange(6.0).reshape(3, 2))
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_stays_a_device():
    for name in ("null", "full"):
        device = Path("/dev") / name
        before = device.stat()
        if name == "null":
            write_text(device, "text")
        else:
            with pytest.raises(OSError, match="No space left") as caught:
                write_text(device, "text")
            assert caught.value.filename == "/dev/full"
        after = device.stat()
        assert stat.S_ISCHR(after.st_mode) and after.st_rdev == before.st_rdev


@pytest.mark.parametrize("name", ["/dev/stdout", "out.txt"])
def test_standard_output_that_is_a_file_keeps_what_is_in_it(name, tmp_path):
    """Under `> out.txt`: neither replaced by a file of that name, nor begun anew."""
    code = (
        "from kerasbert.files import write_text\n"
        f"print('before', flush=True); write_text({name!r}, 'between\\n'); print('after')"
    )
    with (tmp_path / "out.txt").open("w") as file:
        subprocess.run([sys.executable, "-c", code], stdout=file, check=True, cwd=tmp_path)
    assert (tmp_path / "out.txt").read_text() == "before\nbetween\nafter\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


def test_a_full_disk_leaves_the_old_file_and_no_rest(small_disk):
    small_disk = small_disk("64k")
    path = small_disk / "a.txt"
    write_text(path, "old")
    for write in (
        lambda: write_bytes(path, bytes(1 << 20)),
        lambda: write_bytes(small_disk / "new" / "b.txt", bytes(1 << 20)),
        lambda: _write_array(small_disk / "c.npy", 1 << 16),
        lambda: _write_array(small_disk / "c.npy", 64 * 1024 // 8 - 16),  # the last bytes only
    ):
        with pytest.raises(OSError, match="No space left") as caught:
            write()
        assert caught.value.filename in map(
            str, (path, small_disk / "new" / "b.txt", small_disk / "c.npy")
        )
        assert [entry.name for entry in small_disk.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"
    (small_disk / "rest").write_bytes(bytes(64 * 1024 - 8192))
    (small_disk / "rest").write_bytes(bytes(64 * 1024 - 4096))
    with pytest.raises(InputError, match=r"b\.txt: no space left on device\. Make room"):
        check_writable(small_disk / "b.txt")


def _write_array(path, numbers):
    with ArrayWriter(path, dtype=np.float64) as writer:
        writer.add(np.zeros(numbers))


def test_what_cannot_be_written_is_said_before_and_leaves_nothing(tmp_path):
    (tmp_path / "file").touch()
    folder = tmp_path / "folder"
    folder.mkdir()
    refused = {
        folder: r"folder: this is a folder, a file was expected\. Name a file",
        tmp_path / "file" / "a.json": r"file is a file\. A folder was expected there",
        tmp_path / "file" / "b" / "a.json": r"file is a file\. A folder was expected there",
        tmp_path / "new" / ("x" * 300): r"file name too long\. Give a shorter name",
    }
    for path, message in refused.items():
        with pytest.raises(InputError, match=message) as caught:
            check_writable(path)
        assert str(caught.value).startswith(str(path))
        with pytest.raises(OSError) as raised:
            write_text(path, "text")
        assert trouble(raised.value).count(". ") == 1
    for fine in (tmp_path / "new" / "deep" / "a.json", tmp_path / "file", Path("/dev/full")):
        check_writable(fine)
    check_writable(folder, folder=True)
    check_writable(tmp_path / "new", folder=True)
    with pytest.raises(InputError, match="A folder was expected"):
        check_writable(tmp_path / "file", folder=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_long_name_has_room_for_the_temporary_one(tmp_path):
    path = tmp_path / ("ä" * 120 + ".json")
    write_json(path, {})
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
