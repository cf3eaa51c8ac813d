"""Kinds of task: what decides, who decided, and who does not fit."""

import pytest

from kerasbert.errors import InputError
from kerasbert.heads.classification.kinds import KINDS, check_kind, keep_fitting
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.kinds import LabelTally, deciding_note, infer_kind
from kerasbert.text.lines import LineProblems


def documents(*labels):
    return [LabeledDocument(("text",), tuple(names), i) for i, names in enumerate(labels, start=1)]


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (["a", "b", "a"], "binary"),
        (["a", "b", "c"], "multi-class"),
        (["a", "b", ""], "multi-label"),
        (["a", "ab"], "multi-label"),
        (["a", ""], "multi-label"),
    ],
)
def test_kind_is_inferred(labels, kind):
    assert infer_kind(documents(*labels)) == kind
    check_kind(documents(*labels), kind)


def test_nothing_to_learn():
    with pytest.raises(InputError, match="same one label 'a'"):
        infer_kind(documents("a", "a"))
    with pytest.raises(InputError, match="no label in 2 documents"):
        infer_kind(documents("", ""))


@pytest.mark.parametrize(
    ("labels", "kind", "message"),
    [
        (["a", "b", "ab"], "multi-class", "line 3: the document has 2 labels"),
        (["a", ""], "binary", "line 2: the document has no label"),
        (["a", "b", "a", "c"], "binary", "line 4: 'c' is a third label"),
        (["a", "a"], "multi-class", "only 'a'"),
        (["", ""], "multi-label", "found none"),
        (["a", "b"], "regression", "unknown kind"),
    ],
)
def test_contradicted_kind(labels, kind, message):
    with pytest.raises(InputError, match=message):
        check_kind(documents(*labels), kind)


def test_file_is_named_and_two_classes_may_be_multi_class():
    with pytest.raises(InputError, match=r"train\.txt:1: "):
        check_kind(documents("ab"), "multi-class", path="train.txt")
    check_kind(documents("a", "b"), "multi-class")
    assert KINDS == ("multi-label", "multi-class", "binary")


def note(labels):
    return deciding_note(LabelTally(documents(*labels)), "data/train.txt")


def test_the_lines_that_decided_are_named_when_they_are_few():
    labels = ["a", "b", "c"] * 30
    assert note(labels) is None
    labels[16], labels[39] = "", "ab"
    assert note(labels) == (
        "warning: multi-label because of train.txt:17 (no label), train.txt:40 (2 labels); without"
        " these lines, of 90, it would be multi-class. If they are mistakes, correct them, or leave"
        " them out: --kind multi-class --skip-bad-lines. If not, say --kind multi-label."
    )
    assert "without these lines, of 40, it would be binary" in note(["a", "b"] * 19 + ["", "a"])
    mistyped = note([*["a"] * 20, ("b.",), *["b"] * 20])
    assert mistyped.startswith("warning: multi-class because of train.txt:21 (label b.); without")
    assert "it would be binary" in mistyped and "--skip-bad-lines" not in mistyped


def test_many_lines_decide_without_a_note():
    assert note(["a", "b", "", "ab"]) is None  # half of four
    assert note(["a", "b"] * 50 + [""] * 6) is None
    assert note(["a", "b", "c"]) is None
    assert note(["a"] * 50 + [""]) is None  # one label, or none: nothing else it could be
    large = ["a", "b"] * 500
    assert note([*large, *[""] * 20]).count("train.txt:") == 5
    assert "and 15 more; without" in note([*large, *[""] * 20])
    assert note([*large, *[""] * 21]) is None


def test_documents_that_do_not_fit_are_refused_or_left_out():
    """Labels are not looked at: one that training never saw is a miss, no mistake of the file."""
    part = documents("a", "", "ab", "z")
    assert keep_fitting(part, "multi-label") == part
    with pytest.raises(InputError, match=r"^v.txt:2: the document has no label, kind binary exp"):
        keep_fitting(part, "binary", "v.txt")
    problems = LineProblems(skip=True)
    assert keep_fitting(part, "multi-class", "v.txt", problems) == [part[0], part[3]]
    assert problems.skipped == 2 and "v.txt:3: the document has 2 lab" in problems.examples[1]
    with pytest.raises(InputError, match=r"v.txt: none of 1 documents fits kind multi-class"):
        keep_fitting(documents("ab"), "multi-class", "v.txt", problems)
