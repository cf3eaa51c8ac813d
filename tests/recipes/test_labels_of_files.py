"""Every labelled file is checked against the kind of the task, before anything is trained."""

import json
import random

import pytest

from kerasbert import cli, load, read_labeled

# Files are read, lines named and counted before a backend computes anything.
pytestmark = pytest.mark.in_turn

TOPICS = {
    "sport": ["ball", "goal", "team"],
    "money": ["bank", "coin", "tax"],
    "food": ["soup", "rice", "salt"],
}
TINY = ["--d-model", "8", "--tokenizer", "word", "--max-length", "16", "--epochs", "1"]


@pytest.fixture
def parts(tmp_path):
    """The lines of train, valid and test, one of three labels each, and a way to write them."""
    rng = random.Random(0)
    lines = {
        name: [
            f"{' '.join(rng.choices(TOPICS[topic], k=6))} __label__{topic}"
            for topic in [*TOPICS] * count
        ]
        for name, count in (("train", 20), ("valid", 4), ("test", 4))
    }

    def write():
        for name, some in lines.items():
            (tmp_path / f"{name}.txt").write_text("\n".join(some) + "\n", encoding="utf-8")
        return [flag for name in lines for flag in (f"--{name}", f"{tmp_path}/{name}.txt")]

    return lines, write


@pytest.fixture
def finetune(parts, tmp_path, capsys):
    """Fine-tune on the lines as they are now: exit status and what was said."""

    def run(*flags):
        command = ["finetune", *parts[1](), "--out", f"{tmp_path}/out", *TINY, *flags]
        status = cli.main(command)
        return status, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    "part, labels, found",
    [("valid", "__label__sport __label__food", "2 labels"), ("test", "", "no label")],
)
def test_a_line_that_does_not_fit_is_named_and_its_correction_trains(
    part, labels, found, parts, finetune, tmp_path, capsys
):
    lines, write = parts
    right, lines[part][5] = lines[part][5], f"ball goal soup {labels}"
    status, said = finetune()
    assert status == 2 and "Traceback" not in said and not (tmp_path / "out").exists()
    assert f"{part}.txt:6: the document has {found}" in said
    assert "kind multi-class expects exactly one. Correct the line, or train with" in said
    status, said = finetune("--skip-bad-lines")
    assert status == 0 and f"1 lines were left out, such as {tmp_path}/{part}.txt:6" in said
    assert f"{part}: 11 documents" in said

    command = ["evaluate", "--model", f"{tmp_path}/out", "--data", f"{tmp_path}/{part}.txt"]
    assert cli.main(command) == 2
    assert f"{part}.txt:6: the document has {found}" in capsys.readouterr().err
    assert cli.main([*command, "--skip-bad-lines", "--out", f"{tmp_path}/figures.json"]) == 0
    assert "1 lines were left out" in capsys.readouterr().err
    assert json.loads((tmp_path / "figures.json").read_text())["data"]["documents"] == 11
    lines[part][5] = right
    write()
    assert cli.main(command) == 0


def test_compare_checks_before_it_trains(files, parts, tmp_path, capsys):
    lines, write = parts
    lines["test"][2] += " __label__sport"
    command = ["pretrain", "--corpus", f"{files}/raw.txt", "--out", f"{tmp_path}/lm", *TINY[:-2]]
    assert cli.main([*command, "--steps", "1", "--batch-size", "4"]) == 0
    command = ["compare", "--pretrained", f"{tmp_path}/lm", *write(), "--out", f"{tmp_path}/both"]
    assert cli.main(command) == 2
    assert "test.txt:3: the document has 2 labels" in capsys.readouterr().err
    assert not (tmp_path / "both").exists()


def test_a_label_that_training_never_saw_is_a_miss(parts, finetune, tmp_path, capsys):
    """Not the mistake of a file, and no document of the first class."""
    lines, _ = parts
    for part in ("valid", "test"):
        lines[part][0] = "ball goal team __label__chess"
    status, said = finetune()
    assert status == 0 and "1 labels that training never saw, 1 times (chess)" in said
    figures = json.loads((tmp_path / "out" / "metrics.json").read_text())["test"]
    test = read_labeled(tmp_path / "test.txt")
    answers = load(tmp_path / "out")([document.texts for document in test])
    hits = sum(tuple(a["labels"]) == d.labels for a, d in zip(answers, test, strict=True))
    assert figures["micro_f1"] == pytest.approx(hits / 12) and figures["documents"] == 12
    command = ["evaluate", "--model", f"{tmp_path}/out", "--data", f"{tmp_path}/test.txt"]
    assert cli.main([*command, "--out", f"{tmp_path}/figures.json"]) == 0
    again = json.loads((tmp_path / "figures.json").read_text())["data"]
    assert again["micro_f1"] == pytest.approx(hits / 12)
    assert again["loss"] == pytest.approx(figures["loss"], rel=1e-4)


def test_files_of_another_task_are_refused(parts, finetune, tmp_path, capsys):
    lines, _ = parts
    assert finetune()[0] == 0
    (tmp_path / "other.txt").write_text("ball goal __label__a\ncoin __label__b\n")
    other = ["--data", f"{tmp_path}/other.txt"]
    assert cli.main(["evaluate", "--model", f"{tmp_path}/out", *other]) == 2
    said = capsys.readouterr().err
    assert "none of its 2 labels (a, b) is among the 3 of training (food, money, sport)" in said
    lines["valid"][:] = ["ball __label__a"] * 2
    status, said = finetune("--out", f"{tmp_path}/new")
    assert status == 2 and "valid.txt: none of its 1 labels (a) is among the 3" in said
    assert not (tmp_path / "new").exists()


def test_the_lines_that_decide_the_kind_are_named(parts, finetune, tmp_path):
    lines, _ = parts
    assert "because of" not in finetune()[1]
    lines["train"][16] = "ball goal team __lable__sport"
    lines["train"][39] += " __label__food"
    status, said = finetune("--out", f"{tmp_path}/flipped")
    assert status == 0 and "\nmulti-label, 3 labels" in said
    assert "because of train.txt:17 (no label), train.txt:40 (2 labels); without these" in said
    remedy = ["--kind", "multi-class", "--skip-bad-lines"]
    assert f"leave them out: {' '.join(remedy)}. If not, say --kind multi-label." in said
    status, said = finetune("--out", f"{tmp_path}/mended", *remedy)
    assert status == 0 and "2 lines were left out" in said and "train: 58 documents" in said
    status, said = finetune("--out", f"{tmp_path}/meant", "--kind", "multi-label")
    assert status == 0 and "because of" not in said


def test_a_run_goes_on_with_the_data_that_it_was_begun_with(parts, finetune, tmp_path):
    lines, _ = parts
    assert finetune()[0] == 0

    def unfinished():
        (tmp_path / "out" / "metrics.json").unlink()
        return finetune("--resume")

    status, said = unfinished()
    assert status == 0 and "begun with" not in said
    lines["valid"][0] = "bank bank tax __label__money"
    status, said = unfinished()
    assert status == 0 and "the valid data are not those that the run was begun with" in said
    lines["train"].pop()
    status, said = unfinished()
    assert status == 2
    assert "the train data are not those" in said and "start a new run in another --out" in said
