"""The audit finds what was put into the files."""

import json
import random

import pytest

from kerasbert import cli
from kerasbert.corpus.audit import audit, sample_texts
from kerasbert.errors import InputError
from kerasbert.text.labeled import read_labeled
from kerasbert.text.lines import LineProblems

WORDS = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrst"]


@pytest.fixture
def make(tmp_path):
    def write(name, lines):
        path = tmp_path / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return write


def texts(seed, count, words=40):
    rng = random.Random(seed)
    return [" ".join(rng.choice(WORDS) for _ in range(words)) for _ in range(count)]


def by_name(found):
    return {finding.what: finding for finding in found.findings}


def test_clean_files_have_nothing_harmful(make):
    parts = {
        name: make(
            f"{name}.txt", [f"{t} __label__{'ab'[i % 2]}" for i, t in enumerate(texts(seed, 50))]
        )
        for seed, name in enumerate(("train", "valid", "test"))
    }
    found = audit(**parts, corpus=make("raw.txt", texts(9, 200)))
    assert not found.harmful and found.verdict == "Nothing found that distorts an evaluation."
    assert {name: part["documents"] for name, part in found.statistics.items()} == dict.fromkeys(
        parts, 50
    )


def test_what_was_put_in_is_found_and_named(make):
    train, test = texts(0, 60), texts(1, 20)
    near = train[7].split()
    near[20] = "changed"
    lines = [f"{text} __label__{'ab'[i % 2]}" for i, text in enumerate(train)]
    lines += [f"{train[0]} __label__a", f"{train[1]} __label__rare", "no label at all here"]
    lines += ["__label__early then text", "a\tb\tc __label__a"]
    held_out = [f"{text} __label__a" for text in test]
    held_out += [f"{train[3].upper()}  __label__a", " ".join(near) + " __label__unknown"]
    raw = [*texts(5, 30), test[2], "unrelated words"]
    found = by_name(
        audit(
            make("train.txt", lines),
            test=make("test.txt", held_out),
            corpus=make("raw.txt", raw),
        )
    )
    assert found["train: lines in a wrong form"].count == 2
    assert "train.txt:64" in found["train: lines in a wrong form"].examples[0]
    again = found["train: a text met before in the same file"]
    assert again.count == 2 and set(again.examples) == {"train.txt:1 and 61", "train.txt:2 and 62"}
    conflict = found["train: of these, with other labels"]
    assert conflict.count == 1 and conflict.examples == ["train.txt:2 and 62"]
    assert found["train: documents without a label"].examples == ["train.txt:63"]
    rare = found["train: labels with fewer than 5 documents"]
    assert (rare.count, rare.of, rare.examples) == (1, 3, ["rare (1)"])
    same = found["test: texts that stand in train, too"]
    assert same.count == 1 and same.examples == ["test.txt:21 is train.txt:4"] and same.harmful
    nearly = found["test: texts half or more of whose word 8-grams stand in train"]
    assert nearly.count == 2 and nearly.examples == ["test.txt:21", "test.txt:22"]
    assert found["test: labels that train lacks"].examples == ["unknown (1)"]
    in_corpus = found["test: texts half or more of whose word 8-grams stand in the corpus"]
    assert in_corpus.examples == ["test.txt:3"]


def test_a_file_without_documents_is_refused(make):
    with pytest.raises(InputError, match=r"train\.txt: no document"):
        audit(make("train.txt", ["", ""]))


def test_a_file_in_a_wrong_form_is_shown(make):
    lines = ["a\tb\tc", "__label__x", "d\te\tf"]
    with pytest.raises(
        InputError, match=r"none of its 3 lines can be read, such as .*train\.txt:1"
    ):
        audit(make("train.txt", lines))
    train = make("train.txt", ["one __label__a", "two __label__b"])
    with pytest.raises(InputError, match=r"test\.txt: none of its 3 lines can be read, such as"):
        audit(train, test=make("test.txt", lines))
    problems = LineProblems(skip=True, skipped=1, examples=["of another file"])
    with pytest.raises(InputError, match=r"none of its 3 lines .* such as .*bad\.txt:1"):
        read_labeled(make("bad.txt", lines), problems)


def test_the_corpus_is_read_as_prepare_reads_it(make):
    held_out = texts(1, 5)
    train = make("train.txt", [f"{text} __label__{i}" for i, text in enumerate(texts(0, 5))])
    test = make("test.txt", [f"{text} __label__1" for text in held_out])
    records = [json.dumps({"id": 3, "text": text}) for text in held_out]
    corpus = make("raw.jsonl", [*records, '{"id": 4}'])
    found = by_name(audit(train, test=test, corpus=corpus))
    assert found["test: texts half or more of whose word 8-grams stand in the corpus"].count == 5
    wrong = found["corpus: lines in a wrong form"]
    assert wrong.count == 1 and "raw.jsonl:6: the record has no field 'text'" in wrong.examples[0]


def test_a_pair_is_the_same_only_as_a_pair(make):
    train = make("train.txt", ["one two\tthree __label__a"] * 2)
    test = make("test.txt", ["one\ttwo three __label__a", "one two\tthree __label__a"])
    same = by_name(audit(train, test=test))["test: texts that stand in train, too"]
    assert same.count == 1 and same.examples == ["test.txt:2 is train.txt:1"]


SAME, NEARLY, GRAMS = (
    "test: texts that stand in train, too",
    "test: texts that differ from one in train in digits or punctuation only",
    "test: texts half or more of whose word 8-grams stand in train",
)


def test_codes_and_numbers_are_no_leaks(make):
    """Nothing but white space and case may differ; what else is alike is another row."""
    train = ["E1000", "w1 w2 w3", "17 4 99 1 2 3 4 5 6 7", "!!!", "disk error 17", "It is so."]
    test = ["E2000", "w7 w8 w9", "5 6 7 8 99 1 2 3 4 0", "???", "disk error 18", "IT  is so."]
    long = "one two three four five six seven eight nine ten version 2"
    found = by_name(
        audit(
            make("train.txt", [f"{text} __label__a" for text in [*train, long]]),
            test=make("test.txt", [f"{text} __label__a" for text in [*test, f"{long}.1!"]]),
            corpus=make("raw.txt", [*train, "it is SO."]),
        )
    )
    assert found[SAME].count == 1 and found[SAME].examples == ["test.txt:6 is train.txt:6"]
    assert found[NEARLY].examples == ["test.txt:5 from train.txt:5", "test.txt:7 from train.txt:7"]
    assert found[NEARLY].count == 2 and not found[NEARLY].harmful
    assert found[GRAMS].examples == ["test.txt:6", "test.txt:7"] and found[GRAMS].count == 2
    assert found["train: a text met before in the same file"].count == 0
    in_corpus = found["test: texts half or more of whose word 8-grams stand in the corpus"]
    assert in_corpus.examples == ["test.txt:6"]


def test_labels_that_look_alike_in_any_of_the_files(make):
    train = ["one __label__caf\u00e9", "two __label__caf\u00e9", "three __label__b __label__Sport"]
    test = [
        "four __label__cafe\u0301",
        "five __label__b\u200b",
        "six __label__sport __label__b,Sport",
    ]
    found = by_name(audit(make("train.txt", train), test=make("test.txt", test)))
    same = found["labels that look the same"]
    assert same.harmful and (same.count, same.of) == (4, 7)
    assert same.examples == [
        "b (1, train.txt:3) and b\\u200b (1, test.txt:2)",
        "cafe\\u0301 (1, test.txt:1) and caf\u00e9 (2, train.txt:1)",
    ]
    case = found["labels that differ only in case, width or a comma"]
    assert not case.harmful
    assert case.examples == ["Sport (1, train.txt:3) and sport (1, test.txt:3)"]
    several = found["labels that are others with a comma between them"]
    assert several.examples == ["b,Sport (1, test.txt:3)"]


def test_what_decided_the_kind_and_what_does_not_fit_it(make):
    lines = [f"{text} __label__{'abc'[i % 3]}" for i, text in enumerate(texts(0, 60))]
    train, test = make("train.txt", lines), make("test.txt", ["x", "y __label__a __label__b"])
    found = by_name(audit(train, test=test))
    odd = found["test: documents that do not fit the kind multi-class"]
    assert odd.harmful and odd.examples == ["test.txt:1 (no label)", "test.txt:2 (2 labels)"]
    lines[9] = "an unlabelled one"
    found = by_name(audit(make("train.txt", lines), test=test))
    decided = found["train: documents without which the kind would be multi-class, not multi-label"]
    assert decided.examples == ["train.txt:10 (no label)"]
    assert not any("do not fit" in what for what in found)
    found = by_name(audit(make("train.txt", ["one __label__a", "two __label__a"])))
    alike = found["train: nothing to learn: all documents have the same one label, or none"]
    assert (alike.count, alike.examples) == (2, ["a"])


def test_the_sample_is_the_same_whatever_the_order(make):
    lines = [f"{text} __label__a" for text in texts(3, 100)]
    first = sample_texts(make("a.txt", lines), size=10)
    assert len(first) == 10 and first == sample_texts(make("b.txt", lines[::-1]), size=10)


def test_the_verdict_says_what_was_judged(make):
    half = [f"{text} __label__{'ab'[i % 2]}" for i, text in enumerate(texts(0, 40))]
    train = make("train.txt", [*half, half[0]])
    found = audit(train, test=make("test.txt", half[:3]))
    assert found.verdict.startswith(
        "Mend the files before you train: test: texts that stand in tra"
    )
    found = audit(train)
    assert found.verdict.startswith("Nothing found that distorts an evaluation; the line says")
    assert "leaks were not looked for" in found.verdict
    found = audit(train, test=make("test.txt", half[20:]), limit=20, length=39)
    assert found.statistics["train"]["documents"] == 20
    assert found.verdict.startswith("In the first 20 documents of each file: nothing found that")
    assert "100% of the texts to learn from are longer than 39 words: --max-length" in found.verdict


def test_the_statistics_are_those_of_the_texts(make):
    lines = [
        "one two three __label__a __label__b",
        "红苹果 pie __label__a",
        "a b c d e f __label__a",
    ]
    numbers = audit(make("train.txt", lines), length=4).statistics["train"]
    assert numbers == {
        "documents": 3,
        "labels": 2,
        "labels_a_document": 1.33,
        "most_frequent_label": "a",
        "most_frequent_share": 1.0,
        "median_words": 4,
        "words_of_95_percent": 6,
        "longer_than": 4,
        "longer_share": 0.3333,
    }


def test_the_command_prints_a_table_and_writes_json(make, tmp_path, capsys):
    train = make("train.txt", [f"{text} __label__a" for text in texts(0, 9)])
    out = tmp_path / "audit.json"
    assert cli.main(["audit", "--train", str(train), "--test", str(train), "--out", str(out)]) == 0
    captured = capsys.readouterr()
    assert "! test: texts that stand in train, too" in captured.out.replace("\n", " ")
    assert "Mend the files" in captured.out and "kerasbert audit --train" in captured.out
    written = json.loads(out.read_text())
    assert written["harmful"] == 3 and written["statistics"]["train"]["documents"] == 9
    assert "documents without a label" not in captured.out  # only rows that say something


def note_of(folder, labels):
    path = folder / "numbers.csv"
    path.write_text("text,label\n" + "".join(f"a text {n},{x}\n" for n, x in enumerate(labels)))
    return audit(path).note


def test_numbers_that_are_taken_for_names_are_said_to_be(tmp_path):
    said = note_of(tmp_path, [1, 2, 3, 1, 2, 3])
    assert "3 different numbers (1, 2, 3): they are read as names" in said
    assert "--head regression" in said
    assert note_of(tmp_path, [0, 1, 0, 1]) is note_of(tmp_path, ["a", 1, 2, 3]) is None
    assert "--head classification" in note_of(tmp_path, [n + 0.5 for n in range(30)])


def test_labels_that_train_lacks_distort_where_they_are_a_hundredth(tmp_path):
    def harmful(known):
        for name, labels in (("train", "ab"), ("valid", "ab" * known + "c")):
            lines = [f"{name} text {n} __label__{x}\n" for n, x in enumerate(labels)]
            (tmp_path / name).write_text("".join(lines))
        found = audit(tmp_path / "train", tmp_path / "valid").findings
        finding = next(one for one in found if one.what == "valid: labels that train lacks")
        return finding.count, finding.harmful

    assert harmful(49) == (1, True) and harmful(50) == (1, False)
