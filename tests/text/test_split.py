"""A part set aside: the same every time, no near copy across it, every label in both."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasbert.errors import InputError
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.families import families
from kerasbert.text.labeled import read_labeled
from kerasbert.text.quick_audit import leaks
from kerasbert.text.split import share_note, split_documents, write_parts

WORDS = [f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(500)]


def made(count, labels="abcd", seed=0, length=20):
    """Texts of random words, no two nearly the same; the labels are ever rarer."""
    rng = random.Random(seed)
    return [
        LabeledDocument(
            (" ".join(rng.choices(WORDS, k=length)),),
            (rng.choices(labels, [2.0**-n for n in range(len(labels))])[0],),
            line,
        )
        for line in range(1, count + 1)
    ]


def test_families():
    text = " ".join(WORDS[:40])
    alike = [
        text,
        text.upper() + ".",
        " ".join(WORDS[:30]),  # a part of it
        " ".join(WORDS[:24] + WORDS[100:120]),  # shares more than half of the part's 8-grams
        " ".join(WORDS[200:240]),
        "short text",
        "Short  text!",
        "another text",
    ]
    numbers, _ = families([LabeledDocument((t,), (), 1) for t in alike])
    assert len({*numbers[:3].tolist()}) == 1
    assert numbers[5] == numbers[6]
    assert len({int(numbers[n]) for n in (0, 4, 5, 7)}) == 4


def test_forms_that_are_filled_in_are_not_one_family():
    """Else there would be nothing to split."""
    form = " ".join(WORDS[:30])
    documents = [LabeledDocument((f"{form} {word}",), ("a",), 1) for word in WORDS[50:90]]
    assert len(set(families(documents)[0].tolist())) == 40


def test_words_made_of_numbers_are_not_one_family():
    documents = [LabeledDocument((f"code {n} of {n * 7} words",), ("a",), 1) for n in range(40)]
    assert len(set(families(documents)[0].tolist())) == 40
    assert len(split_documents(documents, 0.25)[1]) == 10


def test_the_share_the_labels_and_the_order():
    documents = made(1000)
    train, valid = split_documents(documents, 0.1)
    assert len(valid) == 100 and sorted(d.line for d in train + valid) == list(range(1, 1001))
    assert [d.line for d in valid] == sorted(d.line for d in valid)
    totals, counts = (Counter(d.labels[0] for d in part) for part in (documents, valid))
    for label, total in totals.items():
        assert abs(counts[label] - total / 10) <= 1.5 + 0.02 * total


def test_the_split_follows_from_the_texts_not_their_order():
    documents = made(300)
    mixed = documents.copy()
    random.Random(1).shuffle(mixed)
    one, other = (set(split_documents(part, 0.2)[1]) for part in (documents, mixed))
    assert one == other


def test_more_data_moves_few():
    documents = made(1100)
    before = {d.line for d in split_documents(documents[:1000], 0.1)[1]}
    after = {d.line for d in split_documents(documents, 0.1)[1]}
    assert len(before & after) > 70


def test_near_copies_are_on_one_side():
    documents = made(200)
    copies = [
        LabeledDocument((d.texts[0].upper() + f" {d.line}!",), d.labels, 1000 + d.line)
        for d in documents[:100]
    ] + [
        LabeledDocument((" ".join(d.texts[0].split()[3:]) + " ending",), d.labels, 2000 + d.line)
        for d in documents[100:150]
    ]
    train, valid = split_documents(documents + copies, 0.25)
    assert leaks({"train": train, "valid": valid}) == []
    aside = {d.line % 1000 for d in valid}
    assert not aside & {d.line % 1000 for d in train}


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(20, 120),
    labels=st.integers(1, 12),
    share=st.floats(0.05, 0.6),
    seed=st.integers(0, 99),
)
def test_every_label_is_in_both_where_there_is_room(count, labels, share, seed):
    documents = made(count, "abcdefghijkl"[:labels], seed)
    train, valid = split_documents(documents, share)
    assert valid and len(valid) <= max(1, round(share * count))
    totals = Counter(d.labels[0] for d in documents)
    learned = {d.labels[0] for d in train}
    assert learned == set(totals)
    if len(valid) > labels:
        assert {d.labels[0] for d in valid} == {name for name in totals if totals[name] > 1}


def test_too_few(write):
    with pytest.raises(InputError, match=r"train.csv: 9 documents, 9 of which .*--valid FILE"):
        split_documents(made(9), 0.1, "train.csv")
    same = [LabeledDocument(("a b",), ("x",), n) for n in range(20)]
    with pytest.raises(InputError, match="20 documents, 1 of which differ"):
        split_documents(same, 0.1)
    alone = [LabeledDocument(d.texts, (f"label {n}",), n) for n, d in enumerate(made(12))]
    with pytest.raises(InputError, match="no document can be set aside"):
        split_documents(alone, 0.1)
    for share in (0, 1, -0.5):
        with pytest.raises(InputError, match="--valid-share"):
            split_documents(made(20), share)


@pytest.mark.parametrize("pairs", [False, True])
def test_both_parts_are_written_and_read_again(tmp_path, pairs):
    documents = [
        LabeledDocument(
            (d.texts[0], "Ö\nü") if pairs else d.texts,
            ("a b", d.labels[0]),
            d.line,
            f"id {d.line}",
            {"title": "so", "year": 1988},
        )
        for d in made(40)
    ]
    train, valid = split_documents(documents, 0.25)
    paths = write_parts(tmp_path / "run", {"train": train, "valid": valid})
    for part, path in zip((train, valid), paths.values(), strict=True):
        read = read_labeled(path)
        assert [(d.texts, d.labels, d.id) for d in read] == [
            (d.texts, d.labels, d.id) for d in part
        ]


def test_a_part_of_another_size_than_was_asked_for_is_said_to_be():
    rng = random.Random(0)
    forms = [
        "Dear customer, your order was shipped and will arrive at your place in three days, {}",
        "We regret to inform you that the ticket has been closed by the agent on duty today, {}",
    ]
    documents = [
        LabeledDocument((forms[n % 2].format(" ".join(rng.choices(WORDS, k=2))),), (label,), n)
        for n, label in enumerate("aabb" * 25)
    ]
    _, valid = split_documents(documents, 0.1)
    assert len(valid) == 50  # one of two families: they cannot be parted
    said = share_note(len(valid), len(documents), 0.1)
    assert "50 of 100 documents were set aside, 10 were asked for" in said and "--valid" in said
    assert "only 4 of 100" in share_note(4, 100, 0.1)
    assert share_note(5, 100, 0.1) is share_note(20, 100, 0.1) is None
