"""Each command on what is no plain file of text: pipes work, tables and JSON are named."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from kerasbert import cli

# How text comes in is no backend's business.
pytestmark = pytest.mark.in_turn

TINY = ["--d-model", "8", "--max-length", "16", "--batch-size", "8"]
THAI = "ประเทศไทยเป็นประเทศที่ตั้งอยู่ในเอเชีย"


@pytest.fixture
def run(capsys, monkeypatch):
    """A command, with what comes in: status, output and what it said."""

    def call(*command, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        status = cli.main([*map(str, command)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def pretrained(files, store, tmp_path_factory):
    out = tmp_path_factory.mktemp("forms") / "lm"
    command = ["pretrain", "--store", f"{files}/store", "--out", f"{out}", "--steps", "1", *TINY]
    assert cli.main(command) == 0
    return out


def test_training_reads_pipes(files, pretrained, pipe, run, tmp_path):
    """`compare` reads each of them for the baseline and again for every run."""
    data = {name: (files / f"{name}.txt").read_bytes() for name in ("train", "valid", "test")}
    parts = [text for name in data for text in (f"--{name}", files / f"{name}.txt")]
    pipes = ["--train", pipe(data["train"]), "--valid", "-", "--test", pipe(data["test"])]
    same = ["compare", "--pretrained", pretrained, "--epochs", "1", "--learning-rates", "0.01"]
    same += ["--limit", "16", *TINY[2:]]
    for name, given in (("files", parts), ("pipes", pipes)):
        status, _, said = run(*same, *given, "--out", tmp_path / name, stdin=data["valid"])
        assert status == 0, said
    rows = [
        json.loads((tmp_path / name / "compare.json").read_text())["scratch"][0]["test"]
        for name in ("files", "pipes")
    ]
    assert rows[0] == rows[1]


def test_pretraining_reads_pipes(files, pretrained, pipe, run, tmp_path):
    raw = (files / "raw.txt").read_bytes()
    tokenizer = (pretrained / "tokenizer.json").read_bytes()
    vectors = b"cat 1 2 3 4 5 6 7 8\noak 8 7 6 5 4 3 2 1\n"
    command = ["pretrain", "--corpus", pipe(raw), "--tokenizer-file", pipe(tokenizer)]
    command += ["--vectors", "-", "--steps", "1", "--out", tmp_path / "lm", *TINY]
    status, _, said = run(*command, stdin=vectors)
    assert status == 0, said
    assert "2 of the vocabulary's" in said
    assert (tmp_path / "lm" / "tokenizer.json").read_bytes() == tokenizer
    manifest = json.loads((tmp_path / "lm" / "store" / "manifest.json").read_text())
    assert [entry["bytes"] for entry in manifest["inputs"]] == [len(raw)]


def test_audit_and_evaluate_read_pipes(files, classifier_run, pipe, run, tmp_path):
    train, test = (files / f"{name}.txt" for name in ("train", "test"))
    command = ["audit", "--train", pipe(train.read_bytes()), "--test", "-", "--corpus"]
    command += [pipe((files / "raw.txt").read_bytes()), "--pretrained", classifier_run]
    status, _, said = run(*command, "--out", tmp_path / "a.json", stdin=test.read_bytes())
    assert status == 0, said
    run("audit", "--train", train, "--test", test, "--corpus", files / "raw.txt",
        "--pretrained", classifier_run, "--out", tmp_path / "b.json")  # fmt: skip
    found = [json.loads((tmp_path / name).read_text())["findings"] for name in ("a.json", "b.json")]
    assert [row["count"] for row in found[0]] == [row["count"] for row in found[1]]
    for data in ("-", pipe(test.read_bytes())):
        out = tmp_path / "e.json"
        command = ["evaluate", "--model", classifier_run, "--data", data, "--out", out]
        assert run(*command, stdin=test.read_bytes())[0] == 0
        assert json.loads(out.read_text())["data"]["documents"] == 30


def test_answers_read_pipes(classifier_run, pipe, run, tmp_path):
    lines = b"the cat saw the dog\nthe oak\n"
    for file in ("-", pipe(lines)):
        status, out, said = run("predict", "--model", classifier_run, file, stdin=lines)
        assert status == 0 and len(out.splitlines()) == 2, said
        out = tmp_path / "vectors.npy"
        file = file if file == "-" else pipe(lines)
        assert run("embed", "--model", classifier_run, file, "--out", out, stdin=lines)[0] == 0
        assert len(np.load(out)) == 2


def test_standard_input_for_two_is_refused(run, tmp_path):
    command = ["finetune", "--train", "-", "--valid", "/dev/stdin", "--out", tmp_path / "out"]
    status, _, said = run(*command, stdin=b"one __label__a\n")
    assert status == 2 and "--train and --valid: standard input can be read for one" in said


RECORDS = b'{"id": 1, "text": "the cat"}\n{"id": 2, "text": "an oak"}\n'
CSV = b'id,text,label\n1,"the cat, then",animal\n2,an oak,plant\n'
FORMS = {
    "x.jsonl": (RECORDS, "this is JSON Lines", "id, text"),
    "x.txt": (RECORDS, "this is JSON Lines", "id, text"),
    "x.csv": (CSV, "this is a table", "id, text, label"),
    "table.txt": (CSV, "this is a table", "id, text, label"),
    "x.bz2": (b"BZh91AY&SY", "packed with bzip2", "bunzip2"),
}


@pytest.mark.parametrize("name", FORMS)
def test_each_command_names_what_it_does_not_read(name, files, classifier_run, run, tmp_path):
    content, what, more = FORMS[name]
    path = tmp_path / name
    path.write_bytes(content)
    model, out = ["--model", classifier_run], ["--out", tmp_path / "out"]
    valid = ["--valid", files / "valid.txt"]
    of_lines = []
    if name == "x.bz2":
        of_lines += [["predict", *model, path], ["predict", *model]]
        of_lines += [["embed", *model, path, "--out", tmp_path / "out.npy"]]
    if name in ("x.txt", "x.bz2"):  # the others are read
        audited = ["audit", "--train", files / "train.txt", *valid]
        of_lines += [["prepare", "--corpus", path, *out], [*audited, "--corpus", path]]
        of_lines += [["pretrain", "--corpus", path, *out]]
    labelled = [
        ["evaluate", *model, "--data", path],
        ["finetune", "--train", path, *valid, *out],
        ["finetune", "--train", files / "train.txt", "--valid", path, *out],
        ["audit", "--train", path],
        ["audit", "--train", files / "train.txt", "--test", path],
    ]
    if content == CSV:  # which has labels
        labelled = []
    without = what if name == "x.bz2" else "which field holds the labels was not said"
    for expected, commands in ((what, of_lines), (without, labelled)):
        for command in commands:
            status, answers, said = run(*command, stdin=content)
            assert (status, answers) == (2, "") and expected in said and more in said, said
            assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_text_that_the_tokenizer_does_not_know(files, classifier_run, run, tmp_path):
    """Said from a fifth of the characters on, by every command; next to all of it is refused."""
    some, all_of_it = f"the cat {THAI}", f"{THAI} {THAI}"
    warning = "warning: {}: the tokenizer does not know 86% of the characters"
    model = ["--model", classifier_run]
    status, answers, said = run("predict", *model, stdin=f"{some}\n".encode())
    assert status == 0 and answers.count("\n") == 1
    assert warning.format("standard input") in said and "--tokenizer char" in said
    path = tmp_path / "thai.txt"
    path.write_text(f"{some}\n" * 3, encoding="utf-8")
    said = run("embed", *model, path, "--out", tmp_path / "v.npy")[2]
    assert warning.format(path) in said
    path.write_text(f"{some} __label__animal\n{some} __label__plant\n" * 2, encoding="utf-8")
    assert warning.format(path) in run("evaluate", *model, "--data", path)[2]
    command = ["audit", "--train", path, "--pretrained", classifier_run]
    assert warning.format("train") in run(*command, "--out", tmp_path / "a.json")[2]
    rows = json.loads((tmp_path / "a.json").read_text())["findings"]
    (row,) = [row for row in rows if row["what"] == "train: characters of unknown tokens"]
    assert (row["count"], row["of"]) == (4 * len(THAI), 4 * (len(THAI) + 6))

    train = ["--train", path, "--valid", path, "--epochs", "1", "--no-linear-svm"]
    base = ["finetune", "--pretrained", classifier_run, *TINY[2:], *train]
    status, _, said = run(*base, "--out", tmp_path / "some")
    assert status == 0 and warning.format("train") in said, said
    assert said.count("of the characters") == 2  # a warning for each file, and no more
    path.write_text(f"{all_of_it} __label__animal\n{all_of_it} __label__plant\n", encoding="utf-8")
    status, _, said = run(*base, "--out", tmp_path / "all")
    assert status == 2 and f"{path}: the tokenizer does not know 100%" in said
    assert not (tmp_path / "all").exists()
    command = ["compare", "--pretrained", classifier_run, *train[:4], "--test", path]
    status, _, said = run(*command, "--out", tmp_path / "c")
    assert status == 2 and "does not know 100%" in said and not (tmp_path / "c").exists()

    raw = tmp_path / "raw.txt"
    tokenizer = ["--tokenizer-file", Path(classifier_run) / "tokenizer.json"]
    for text, expected in ((some, 0), (all_of_it, 2)):
        raw.write_text("".join(f"{text} {n}\n" for n in range(300)), encoding="utf-8")
        command = ["pretrain", "--corpus", raw, *tokenizer, "--steps", "1", *TINY]
        status, _, said = run(*command, "--out", tmp_path / f"lm{expected}")
        assert status == expected and "the tokenizer does not know" in said, said


def test_a_run_reads_text_as_the_store_of_its_corpus_was_cleaned(files, run, tmp_path):
    """`prepare --unicode NFKC`, then full-width text: once 100% unknown tokens."""
    plain = (files / "train.txt").read_text()
    lines = [
        "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in text) + labels
        for text, labels in (
            (line[: line.index("__label__")], line[line.index("__label__") :])
            for line in plain.splitlines()
        )
    ]
    (tmp_path / "wide.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    corpus = ["--corpus", files / "raw.txt", "--unicode", "NFKC", "--tokenizer", "word"]
    assert run("prepare", *corpus, "--out", tmp_path / "store")[0] == 0
    command = ["pretrain", "--store", tmp_path / "store", "--steps", "1", *TINY]
    assert run(*command, "--out", tmp_path / "lm")[0] == 0
    said = [
        run("finetune", "--pretrained", tmp_path / "lm", "--train", path, "--valid", path,
            "--epochs", "1", "--max-length", "16", "--out", tmp_path / path.stem)[2]
        for path in (tmp_path / "wide.txt", files / "train.txt")
    ]  # fmt: skip
    figures = [
        json.loads((tmp_path / name / "metrics.json").read_text())["valid"]["loss"]
        for name in ("wide", "train")
    ]
    assert "unknown to the tokenizer" not in said[0] and figures[0] == figures[1]
