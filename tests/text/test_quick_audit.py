"""What a training says of its files before it starts."""

from kerasbert.text.documents import LabeledDocument
from kerasbert.text.quick_audit import leaks, look_alikes_note


def documents(*texts, label="a"):
    return [LabeledDocument((text,), (label,), i + 1) for i, text in enumerate(texts)]


def test_leaks_are_told_in_a_sentence():
    parts = {"train": documents("One two.", "three"), "valid": documents("four", "one  TWO.")}
    (warning,) = leaks(parts)
    assert "1 of 2 texts of valid stand in train" in warning
    assert "line 2 is line 1 of train" in warning
    assert leaks({"train": documents("a"), "test": documents("b")}) == []


def test_codes_are_no_leaks_and_what_differs_in_digits_is_told_apart():
    train = documents("E1000", "!!!", "disk error 17", "disk error 99", "one two")
    parts = {"train": train, "test": documents("E2000", "???", "disk error 18.", "ONE two")}
    same, nearly = leaks(parts)
    assert "1 of 4 texts of test stand in train, too (line 4 is line 5 of train)" in same
    assert nearly == (
        "1 of 4 texts of test differ from one of train in digits or punctuation only"
        " (line 3 from line 3)"
    )


def test_labels_that_look_alike_are_said_in_one_line():
    parts = {"train": documents("x", "y", label="caf\u00e9"), "valid": documents("z", label="Ab")}
    assert look_alikes_note(parts) is None
    parts["test"] = documents("z", label="cafe\u0301") + documents("q", label="ab")
    assert look_alikes_note(parts) == (
        "warning: labels that look alike count as different ones: cafe\\u0301 (1, test line 1)"
        " and caf\u00e9 (2, train line 1); 2 such groups in all. `kerasbert audit` lists them."
    )
