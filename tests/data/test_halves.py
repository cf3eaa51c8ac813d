"""Pairs of halves: each used once, as many that belong together as not, no near-duplicates."""

import random

import pytest

from kerasbert.data.halves import OTHER, SAME, build, halves, main, pairs
from kerasbert.errors import InputError
from kerasbert.text import read_labeled


def texts(count, seed=0):
    rng = random.Random(seed)
    words = [f"{a}{b}{c}" for a in "bdfg" for b in "aeiou" for c in "lmnr"]

    def sentence():
        return " ".join(rng.choices(words, k=rng.randint(8, 12))) + "."

    return [" ".join(sentence() for _ in range(rng.randint(2, 5))) for _ in range(count)]


def test_a_text_is_cut_between_sentences_near_its_middle():
    text = "One two three. Four five. Six seven eight nine ten eleven."
    assert halves(text, 2) == ("One two three. Four five.", "Six seven eight nine ten eleven.")
    assert halves(text, 6) is None
    assert halves("Only one sentence here.", 1) is None


def test_each_half_stands_in_one_pair():
    documents = texts(400)
    found = list(pairs(documents, 8))
    own = {halves(text, 8) for text in documents}
    firsts, seconds, labels = zip(*found, strict=True)
    assert len(set(firsts)) == len(set(seconds)) == len(found) == len(own)
    assert 0.4 < labels.count(SAME) / len(labels) < 0.6
    for first, second, label in found:
        assert ((first, second) in own) == (label == SAME)
    assert found == list(pairs(documents[::-1], 8))  # whatever their order


def test_files_of_pairs_without_near_duplicates(tmp_path):
    train, valid, test = texts(60), texts(30, 1), texts(30, 2)
    test[:10] = [text + " Again." for text in train[:10]]
    for name, lines in (("train", train), ("valid", valid), ("test", test)):
        rows = "".join(f"{line} __label__a\n" for line in lines)
        (tmp_path / f"{name}.txt").write_text(rows, encoding="utf-8")
    files = [tmp_path / f"{name}.txt" for name in ("train", "valid", "test")]
    counts = build(*files, tmp_path / "out", least_words=4)
    assert counts == {"train": 60, "valid": 30, "test": 20}
    rows = read_labeled(tmp_path / "out" / "test.txt")
    assert {len(row.texts) for row in rows} == {2}
    assert {label for row in rows for label in row.labels} == {SAME, OTHER}


def test_what_has_no_halves_is_named(tmp_path, capsys):
    (tmp_path / "one.txt").write_text("Only one sentence here.\n", encoding="utf-8")
    one = tmp_path / "one.txt"
    with pytest.raises(InputError, match=r"one\.txt: no document has two halves of 8 words"):
        build(one, one, one, tmp_path / "out")
    flags = ["--train", str(one), "--valid", str(one), "--test", str(one), "--out", str(tmp_path)]
    assert main(flags) == 2 and "no document has two halves" in capsys.readouterr().err
