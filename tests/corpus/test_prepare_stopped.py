"""`prepare` that is stopped, refused or without room: what is left, and how it goes on."""

import shutil
import subprocess

import numpy as np
import pytest
from made_corpus import TEXT, contents, stopped_after

from kerasbert.corpus.prepare import prepare_store as prepare
from kerasbert.corpus.prepare.engines import Engine
from kerasbert.corpus.prepare.prepare_store import prepare_store
from kerasbert.corpus.prepare.workspace import Workspace
from kerasbert.errors import InputError, Unfinished
from kerasbert.tokenizer.training import train_tokenizer


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupted_work_goes_on(corpus, tmp_path, workers, small_pieces):
    prepare_store([corpus], tmp_path / "whole", vocabulary_size=200)
    stopped_after(2, [corpus], tmp_path / "s", engine=Engine(workers=workers))
    pieces = tmp_path / ".s.preparing" / "pieces"
    before = {path.name: path.stat().st_mtime_ns for path in pieces.glob("*.json")}
    assert len(before) >= 2 and not (tmp_path / "s").exists()
    result = tmp_path / ".s.preparing" / "store"  # what a worker that was killed may leave
    result.mkdir()
    (result / ".tokens-00000.123.h5").write_bytes(b"torn")
    done = []
    prepare_store(
        [corpus], tmp_path / "s", vocabulary_size=200, progress=lambda *now: done.append(now[0])
    )
    assert done[0] > 0  # what was done is not done again
    assert contents(tmp_path / "whole") == contents(tmp_path / "s")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw.txt", "s", "whole"]


def test_what_changed_since_is_named(corpus, tmp_path, small_pieces):
    stopped_after(1, [corpus], tmp_path / "s")
    again = {"vocabulary_size": 200}
    with pytest.raises(InputError, match=r"--lowercase changed .it was True, now False.*remove"):
        prepare_store([corpus], tmp_path / "s", lowercase=False, **again)
    other = tmp_path / "other.txt"
    other.write_text("x y")
    with pytest.raises(InputError, match=r"the input other\.txt was added"):
        prepare_store([corpus, other], tmp_path / "s", **again)
    corpus.write_text(TEXT.replace("cat", "cow"), encoding="utf-8")
    with pytest.raises(InputError, match=r"the input raw\.txt changed since"):
        prepare_store([corpus], tmp_path / "s", **again)
    result = prepare_store([corpus], tmp_path / "s", again=True, **again)
    assert result["documents"] == 8


def test_an_input_that_changes_meanwhile_is_refused(corpus, tmp_path, small_pieces):
    def write(done, total):
        corpus.write_text(TEXT + "\nmore", encoding="utf-8")

    with pytest.raises(InputError, match=r"raw\.txt: changed while it was read"):
        prepare_store([corpus], tmp_path / "s", vocabulary_size=200, progress=write)


def test_a_store_that_is_there_is_left_alone(corpus, tmp_path):
    first = prepare_store([corpus], tmp_path / "s", vocabulary_size=200)
    before = contents(tmp_path / "s")
    assert prepare_store([corpus], tmp_path / "s", vocabulary_size=200) == first
    with pytest.raises(InputError, match="holds no store of these inputs and settings"):
        prepare_store([corpus], tmp_path / "s", vocabulary_size=100)
    assert contents(tmp_path / "s") == before
    prepare_store([corpus], tmp_path / "s", vocabulary_size=100, again=True)
    assert contents(tmp_path / "s") != before


def test_two_commands_do_not_prepare_one_store(corpus, tmp_path):
    with (
        Workspace(tmp_path / "s").hold(),
        pytest.raises(InputError, match="another command is preparing it"),
    ):
        prepare_store([corpus], tmp_path / "s", vocabulary_size=200)


def test_full_disk_is_one_clear_message_and_what_is_done_is_kept(
    corpus, tmp_path, monkeypatch, small_pieces
):
    written = []

    def no_room(*arguments, **others):
        written.append(1)
        if len(written) > 2:
            raise OSError(28, "No space left on device")
        return savez(*arguments, **others)

    savez = np.savez
    with monkeypatch.context() as patched:
        patched.setattr(np, "savez", no_room)
        with pytest.raises(InputError, match=r"No space left on device.*same command again"):
            prepare_store([corpus], tmp_path / "s", vocabulary_size=200)
    assert len(list((tmp_path / ".s.preparing" / "pieces").glob("*.json"))) == 2
    assert prepare_store([corpus], tmp_path / "s", vocabulary_size=200)["documents"] == 8


def test_a_real_disk_that_is_full_when_the_shards_are_written(small_disk, monkeypatch):
    monkeypatch.setattr(prepare, "estimate", lambda *arguments: "")
    disk = small_disk("140k")
    text = small_disk("1m") / "raw.txt"
    text.write_text("the cat sat on the mat\n" * 2000)
    tokenizer = train_tokenizer(["the cat sat on the mat"] * 2, "word")
    with pytest.raises(Unfinished, match=r"No space left on device.*same command again"):
        prepare_store([text], disk / "s", tokenizer=tokenizer, say=lambda said: None)
    done = sorted(path.name for path in (disk / ".s.preparing").rglob("*") if path.is_file())
    assert "000000.json" in done and not [name for name in done if name.endswith(".h5")]
    (disk / ".s.preparing" / "pieces" / "000000.json").unlink()
    with pytest.raises(Unfinished, match="No space left on device"):
        (disk / "rest").write_bytes(bytes(20_000))
        prepare_store([text], disk / "s", tokenizer=tokenizer)
    subprocess.run(["mount", "-o", "remount,size=1m", str(disk)], check=True)
    assert prepare_store([text], disk / "s", tokenizer=tokenizer)["documents"] == 2000


def test_no_room_is_said_before_it_starts(corpus, tmp_path, monkeypatch):
    said = []
    prepare_store([corpus], tmp_path / "s", vocabulary_size=200, say=said.append)
    assert "first a tokenizer is learned" in said[0]
    assert "MB on disk" in said[1] and "of memory for each of 1 worker" in said[1]
    full = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    with pytest.raises(InputError, match=r"are free\. Make room"):
        prepare_store([corpus], tmp_path / "t", vocabulary_size=200, say=said.append)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_refusal_leaves_nothing_and_the_corrected_call_works(workers, tmp_path, small_pieces):
    """Also where the first pieces are done when the last one is refused."""
    path, out = tmp_path / "raw.txt", tmp_path / "new" / "s"
    tokenizer = train_tokenizer(["the cat"] * 2, "word")
    options = {"tokenizer": tokenizer, "engine": Engine(workers=workers)}
    path.write_bytes(b"the cat\n" * 100 + b"\xff\n")
    with pytest.raises(InputError, match=r"raw\.txt:101: "):
        prepare_store([path], out, **options)
    assert [entry.name for entry in tmp_path.iterdir()] == ["raw.txt"]
    path.write_bytes(b"the cat\n" * 100)
    assert prepare_store([path], out, **options)["documents"] == 100


def test_what_a_killed_command_left_outlives_a_mistake(corpus, tmp_path, small_pieces):
    """It is the same command's to go on with; refused, it has nothing to go on with."""
    stopped_after(2, [corpus], tmp_path / "s")
    left = sorted((tmp_path / ".s.preparing" / "pieces").iterdir())
    for mistake in ({"corpus": [tmp_path / "none.txt"]}, {"lowercase": False}, {"style": "chars"}):
        arguments = {"corpus": [corpus], "vocabulary_size": 200} | mistake
        with pytest.raises(InputError):
            prepare_store(arguments.pop("corpus"), tmp_path / "s", **arguments)
        assert sorted((tmp_path / ".s.preparing" / "pieces").iterdir()) == left
    with pytest.raises(InputError, match="was killed"), Workspace(tmp_path / "s").hold():
        raise Unfinished("was killed")
    assert sorted((tmp_path / ".s.preparing" / "pieces").iterdir()) == left
    assert prepare_store([corpus], tmp_path / "s", vocabulary_size=200)["documents"] == 8
