"""Wrong labels are found: some are planted, and counted among the first."""

import json
import random

import pytest

from kerasbert import cli
from kerasbert.errors import InputError
from kerasbert.heads.classification.doubts import doubtful_labels
from kerasbert.heads.classification.out_of_fold import folds_of
from kerasbert.text.documents import LabeledDocument

pytest.importorskip("cleanlab")
TOPICS = {
    "animal": ["cat", "dog", "horse", "mouse"],
    "plant": ["oak", "rose", "fern", "moss"],
    "metal": ["iron", "zinc", "lead", "gold"],
}
COMMON = ["the", "small", "old", "one", "near", "of", "we", "found", "and", "then"]
COUNT, PLANTED = 240, 12


def documents(several: bool, planted: int = PLANTED) -> tuple[list[LabeledDocument], set[int]]:
    """Documents about topics, and which of them were given a wrong label."""
    rng, rest = random.Random(1), random.Random(2)
    wrong, made = set(range(0, COUNT, COUNT // planted)) if planted else set(), []
    for number in range(COUNT):
        chosen = sorted(rng.sample(sorted(TOPICS), rng.choice([1, 2]) if several else 1))
        words = [rng.choice(TOPICS[name] + COMMON) for name in chosen for _ in range(40)]
        text = " ".join(words)
        labels = list(chosen)
        if number in wrong:
            labels[0] = rest.choice([name for name in TOPICS if name not in chosen])
        made.append(LabeledDocument((text,), tuple(labels), number + 1))
    return made, wrong


@pytest.mark.parametrize("several", [False, True])
def test_planted_labels_are_among_the_first(several):
    given, wrong = documents(several)
    found = doubtful_labels(given)
    first = found["rows"][:PLANTED]
    assert len(wrong & {row["document"] for row in first}) >= PLANTED - 2
    clean, _ = documents(several, planted=0)
    right = [set(one.labels) for one in clean]
    mended = [set(row["suggested"]) == right[row["document"]] for row in first]
    assert sum(mended) >= PLANTED - 4
    assert found["of"] == COUNT and 0.8 < found["agreement"] < 1
    scores = [row["score"] for row in found["rows"]]
    assert scores == sorted(scores)


def test_where_nothing_is_wrong_next_to_nothing_is_in_doubt():
    given, _ = documents(several=False, planted=0)
    assert len(doubtful_labels(given)["rows"]) <= 2


def test_nearly_equal_texts_are_in_one_fold():
    """Else a copy with the same wrong label would speak for it."""
    copies = [LabeledDocument((f"the cat sat there, {n}",), ("a",), n) for n in range(20)]
    others = [LabeledDocument((f"{'x' * n} tree and house",), ("a",), n) for n in range(20)]
    assert len(set(folds_of(copies))) == 1 < len(set(folds_of(others)))


def test_rare_labels_are_not_judged():
    given, _ = documents(several=False)
    rare = [LabeledDocument((f"a stone {n}",), ("stone",), n) for n in range(3)]
    found = doubtful_labels([*given, *rare])
    assert (found["judged"], found["labels"], found["of"]) == (3, 4, COUNT)
    with pytest.raises(InputError, match="expected labels with at least 10 documents each, found"):
        doubtful_labels(rare)


def test_the_command_names_places(tmp_path, capsys):
    given, wrong = documents(several=False)
    lines = [f"{one.texts[0]} __label__{one.labels[0]}" for one in given]
    (tmp_path / "train.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = ["audit", "--train", f"{tmp_path}/train.txt", "--labels"]
    assert cli.main([*command, "--out", f"{tmp_path}/found.json"]) == 0
    printed = capsys.readouterr()
    rows = json.loads((tmp_path / "found.json").read_text())["doubtful"]["rows"]
    assert rows[0]["place"] in {f"train.txt:{number + 1}" for number in wrong}
    assert rows[0]["place"] in printed.out
    assert "documents are in doubt" in " ".join((printed.out + printed.err).split())


def test_numbers_are_refused(tmp_path, capsys):
    (tmp_path / "numbers.csv").write_text("text,label\n" + "a b,0.5\nc,1.25\nd,3.5\n" * 9)
    command = ["audit", "--train", f"{tmp_path}/numbers.csv", "--labels", "--head", "regression"]
    assert cli.main(command) == 2
    assert "--labels: of regression nothing is known" in " ".join(capsys.readouterr().err.split())
