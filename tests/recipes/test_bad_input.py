"""Bad input: one clear message that names the remedy, exit 2, nothing left behind."""

import gzip
import io
import json
import shutil
import sys

import pytest

from kerasbert import cli

# Refused before a backend computes anything.
pytestmark = pytest.mark.in_turn

TINY = ["--d-model", "8", "--tokenizer", "word", "--max-length", "16"]


@pytest.fixture(scope="module")
def runs(files, store, tmp_path_factory):
    """The smallest pre-trained run, and one fine-tuned from it."""
    out = tmp_path_factory.mktemp("bad")
    pretrain = ["pretrain", "--store", f"{files}/store", "--out", f"{out}/lm", "--steps", "1"]
    assert cli.main([*pretrain, "--d-model", "8", "--max-length", "8", "--batch-size", "4"]) == 0
    finetune = ["finetune", "--pretrained", f"{out}/lm", "--out", f"{out}/tags", "--epochs", "1"]
    finetune += ["--train", f"{files}/train.txt", "--valid", f"{files}/valid.txt"]
    assert cli.main([*finetune, "--max-length", "8", "--limit", "8"]) == 0
    return out


@pytest.fixture
def refused(tmp_path, capsys):
    """A command that must refuse: what it says on standard error."""

    def run(*command):
        capsys.readouterr()
        status = cli.main([*map(str, command)])
        captured = capsys.readouterr()
        assert status == 2
        assert captured.err.count(f"kerasbert {command[0]}: ") == 1
        assert "Traceback" not in captured.err and not captured.out
        for out in (tmp_path / "out", tmp_path / "out.json"):
            assert not out.exists() or not list(out.iterdir())
        return captured.err

    return run


def corpus(tmp_path, content: bytes):
    (tmp_path / "raw.txt").write_bytes(content)
    return ["--corpus", tmp_path / "raw.txt", "--out", tmp_path / "out"]


UNREADABLE = {
    "empty": (b"", "the corpus has no document", "Expected a document a line"),
    "blank": (b"\n \n", "the corpus has no document", "Expected a document a line"),
    "latin-1": ("grün\n".encode("latin-1"), "raw.txt:1: byte 0xfc", "convert the file"),
    "later": (b"one\ntwo\n\xff\n", "raw.txt:3: byte 0xff", "--skip-bad-lines"),
    "utf-16": ("one\n".encode("utf-16"), "raw.txt:1: the file is UTF-16", "iconv"),
    "gzip": (gzip.compress(b"one two\n" * 99)[:-9], "damaged or cut short", "pack it again"),
}


@pytest.mark.parametrize("command", [["prepare"], ["pretrain", *TINY]], ids=["prepare", "pretrain"])
@pytest.mark.parametrize("name", UNREADABLE)
def test_raw_text_that_cannot_be_read(command, name, tmp_path, refused):
    content, what, remedy = UNREADABLE[name]
    said = refused(*command, *corpus(tmp_path, content))
    assert what in said and remedy in said


@pytest.mark.parametrize("command", ["prepare", "pretrain"])
def test_a_folder_and_a_missing_file_are_no_corpus(command, tmp_path, refused):
    out = ["--out", tmp_path / "out"]
    assert "holds no file" in refused(command, "--corpus", tmp_path, *out)
    assert "Check the path" in refused(command, "--corpus", tmp_path / "none", *out)


WRONG_LABELS = {
    "empty": (b"", "no document", "Expected lines: text __label__a __label__b"),
    "without labels": (b"one\ntwo\n", "a label file without labels", "Expected lines: text"),
    "only labels": (b"one __label__a\n__label__a\n", "bad.txt:2: no text before", "expected: text"),
    "label inside": (
        b"one __label__a two __label__b\n",
        "bad.txt:1: the label '__label__a' stands before the end",
        "labels were expected last",
    ),
    "no name": (b"one __label__\n", "bad.txt:1: a label without a name", "expected __label__name"),
    "latin-1": ("grün __label__a\n".encode("latin-1"), "bad.txt:1: byte 0xfc", "convert the file"),
    "two TABs": (b"a\tb\tc __label__a\n", "bad.txt:1: 2 TABs", "expected none"),
    "mixed": (b"a __label__a\nb\tc __label__a\n", "bad.txt:2: a pair of texts", "not both"),
}


@pytest.mark.parametrize("part", ["train", "valid", "test"])
@pytest.mark.parametrize("name", WRONG_LABELS)
def test_a_label_file_that_cannot_be_read(part, name, files, tmp_path, refused):
    content, what, remedy = WRONG_LABELS[name]
    (tmp_path / "bad.txt").write_bytes(content)
    paths = {p: files / f"{p}.txt" for p in ("train", "valid", "test")}
    paths[part] = tmp_path / "bad.txt"
    flags = [text for p, path in paths.items() for text in (f"--{p}", path)]
    said = refused("finetune", *flags, "--out", tmp_path / "out", *TINY)
    assert what in said and remedy in said


def test_the_other_commands_read_labels_in_the_same_way(runs, files, tmp_path, refused):
    content, what, _ = WRONG_LABELS["label inside"]
    (tmp_path / "bad.txt").write_bytes(content)
    data = ["--data", tmp_path / "bad.txt", "--out", tmp_path / "out.json"]
    assert what in refused("evaluate", "--model", runs / "tags", *data)
    parts = ["--train", files / "train.txt", "--valid", files / "valid.txt"]
    command = ["compare", "--pretrained", runs / "lm", *parts, "--test", tmp_path / "bad.txt"]
    assert what in refused(*command, "--out", tmp_path / "out")


def test_bad_lines_can_be_left_out_and_are_counted(files, tmp_path, capsys):
    (tmp_path / "train.txt").write_text((files / "train.txt").read_text() + "__label__a\n")
    command = ["finetune", "--train", tmp_path / "train.txt", "--valid", files / "valid.txt"]
    command += ["--out", tmp_path / "out", *TINY, "--epochs", "1", "--skip-bad-lines"]
    assert cli.main([*map(str, command)]) == 0
    assert "1 lines were left out, such as" in capsys.readouterr().err


def test_classes_need_one_label_a_document(files, tmp_path, refused):
    parts = ["--train", files / "train.txt", "--valid", files / "valid.txt"]
    command = ["finetune", *parts, "--out", tmp_path / "out", *TINY, "--kind", "multi-class"]
    said = refused(*command)
    assert "expects exactly one" in said and "kind multi-label" in said


def test_a_store_cut_short(files, store, tmp_path, refused):
    shutil.copytree(files / "store", tmp_path / "store")
    path = tmp_path / "store" / "tokens-00000.h5"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    command = ["pretrain", "--store", tmp_path / "store", "--out", tmp_path / "out"]
    said = refused(*command, "--d-model", "8")
    assert "cut short" in said and "Prepare the store again" in said
    path.write_bytes(whole[:-100] + bytes(100))
    said = refused(*command, "--d-model", "8")
    assert "tokens-00000.h5: changed since it was written" in said
    path.unlink()
    assert "Prepare the store again" in refused(*command, "--d-model", "8")


def test_a_run_of_another_tokenizer(runs, files, tmp_path, refused):
    """In a store, and in the run's own folder."""
    command = ["prepare", "--corpus", f"{files}/raw.txt", "--out", f"{tmp_path}/store"]
    assert cli.main([*command, "--tokenizer", "char"]) == 0
    base = ["pretrain", "--pretrained", runs / "lm", "--out", tmp_path / "out"]
    said = refused(*base, "--store", tmp_path / "store")
    assert "another tokenizer" in said and "--tokenizer-file" in said

    shutil.copytree(runs / "lm", tmp_path / "lm")
    shutil.copy(tmp_path / "store" / "tokenizer.json", tmp_path / "lm")
    parts = ["--train", files / "train.txt", "--valid", files / "valid.txt"]
    command = ["finetune", "--pretrained", tmp_path / "lm", *parts, "--out", tmp_path / "out"]
    said = refused(*command)
    assert "not the tokenizer that the run was made with" in said and "own file back" in said


SIZES = {
    "heads": (["--encoder", "transformer", "--d-model", "10"], "cannot be divided by 8 heads"),
    "other encoder": (["--encoder", "text-cnn", "--heads", "2"], "--heads: not a setting of"),
    "positions": (
        ["--encoder", "transformer", "--positions", "learned", "--max-length", "600"],
        "larger --max-positions",
    ),
    "no room": (["--max-length", "2"], "--max-length: expected 5 or more"),
    "dropout": (["--dropout", "1"], "expected 0 <= dropout < 1"),
    "zero": (["--d-model", "0"], "--d-model: expected 1 or more"),
    "batch": (["--batch-size", "0"], "--batch-size: expected 1 or more"),
}


@pytest.mark.parametrize("name", SIZES)
def test_sizes_that_do_not_fit(name, files, tmp_path, refused):
    flags, message = SIZES[name]
    out = ["--out", tmp_path / "out"]
    assert message in refused("pretrain", "--corpus", files / "raw.txt", *out, *flags)
    parts = ["--train", files / "train.txt", "--valid", files / "valid.txt"]
    assert message in refused("finetune", *parts, *out, *flags)


def test_a_folder_that_is_no_run(runs, files, tmp_path, refused):
    data = ["--data", files / "test.txt"]
    assert "made" in refused("evaluate", "--model", tmp_path, *data)
    assert "no such folder" in refused("evaluate", "--model", tmp_path / "none", *data)
    assert "`kerasbert finetune`" in refused("evaluate", "--model", runs / "lm", *data)
    shutil.copytree(runs / "tags", tmp_path / "tags")
    model = tmp_path / "tags" / "model.keras"
    model.write_bytes(model.read_bytes()[:1000])
    assert "damaged" in refused("evaluate", "--model", tmp_path / "tags", *data)


def test_what_predict_cannot_read(runs, tmp_path, refused, monkeypatch):
    (tmp_path / "new.txt").write_bytes("one\ngrün\n".encode("latin-1"))
    said = refused("predict", "--model", runs / "tags", tmp_path / "new.txt")
    assert "new.txt:2: byte 0xfc" in said
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\n")))
    assert "standard input:1: byte 0xff" in refused("predict", "--model", runs / "tags")


def test_an_out_folder_that_holds_something(files, tmp_path, capsys):
    (tmp_path / "something").write_text("mine")
    for command in (["prepare"], ["pretrain", *TINY]):
        flags = ["--corpus", str(files / "raw.txt"), "--out", str(tmp_path)]
        assert cli.main([*command, *flags]) == 2
        assert "another --out" in (said := capsys.readouterr().err) or "new --out" in said
    assert [path.name for path in tmp_path.iterdir()] == ["something"]


def test_no_label_is_legal_and_long_texts_are_cut_both_counted_once(
    runs, files, tmp_path, capsys, monkeypatch
):
    long = " ".join(["the cat saw a dog near it."] * 9)
    lines = [f"{long} __label__animal", "the oak __label__plant", "we found it", f"{long}"]
    (tmp_path / "odd.txt").write_text("\n".join(lines) + "\n")
    parts = ["--train", tmp_path / "odd.txt", "--valid", files / "valid.txt"]
    command = ["finetune", *parts, "--out", tmp_path / "out", *TINY, "--epochs", "2"]
    assert cli.main([*map(str, command)]) == 0
    train = [line for line in capsys.readouterr().err.splitlines() if line.startswith("train:")]
    assert len(train) == 1
    assert "4 documents; 2 longer than 16 positions were cut; 2 without a label" in train[0]

    command = ["evaluate", "--model", runs / "tags", "--data", tmp_path / "odd.txt"]
    assert cli.main([*map(str, command), "--out", str(tmp_path / "odd.json")]) == 0
    said = capsys.readouterr().err
    assert said.count("2 without a label of the training set") == 1
    assert said.count("2 texts longer than 8 positions cut") == 1
    assert json.loads((tmp_path / "odd.json").read_text())["data"]["documents"] == 4

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(lines).encode())))
    assert cli.main(["predict", "--model", str(runs / "tags")]) == 0
    captured = capsys.readouterr()
    assert captured.err.count("2 texts longer than 8 positions cut") == 1
    assert len(captured.out.splitlines()) == 4


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--rule", "top-k"], "--rule top-k and --top-k N: expected both or neither"),
        (["--top-k", "2"], "--rule top-k and --top-k N: expected both or neither"),
        (["--rule", "top-k", "--top-k", "0"], "--top-k: expected 1 or more, received 0"),
    ],
)
def test_a_rule_without_its_number_is_refused(flags, message, files, tmp_path, refused):
    data = ["--train", files / "train.txt", "--valid", files / "valid.txt"]
    assert message in refused("finetune", *data, "--out", tmp_path / "out", *flags)
