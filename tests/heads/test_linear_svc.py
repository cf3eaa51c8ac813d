import sys

import numpy as np
import pytest

from kerasbert.heads.classification.linear_svc import linear_svc_baseline

FRUIT = ["a red apple", "a green pear", "an apple pie"]
TOOLS = ["a steel hammer", "the saw and hammer", "a steel saw"]
BOTH = ["an apple and a hammer", "a pear and a saw"]
TEXTS = (FRUIT + TOOLS + BOTH) * 3
GOLD = np.array(([[1, 0]] * 3 + [[0, 1]] * 3 + [[1, 1]] * 2) * 3)


def test_multi_label_learns_words_that_decide():
    result = linear_svc_baseline(
        TEXTS, GOLD, ["red apple", "steel saw"], np.eye(2), ["pear", "hammer"], np.eye(2),
        "multi-label", unseen_test=2,
    )  # fmt: skip
    assert result["valid"]["f1"] == 1
    assert result["test"]["macro_f1"] == 1
    assert result["test"]["micro_f1"] == pytest.approx(4 / 6)  # 2 hits, 2 that nobody could hit
    assert -1.5 <= result["threshold"] <= 1.5
    assert result["seconds"] > 0


@pytest.mark.parametrize("kind", ["multi-class", "binary"])
def test_single_label_kinds_have_no_threshold(kind):
    texts, gold = [*FRUIT, *TOOLS, "nothing"], np.array([[1, 0]] * 3 + [[0, 1]] * 3 + [[0, 0]])
    result = linear_svc_baseline(texts, gold, ["pear"], [[1, 0]], ["saw"], [[0, 1]], kind)
    assert result["valid"]["micro_f1"] == result["test"]["micro_f1"] == 1
    assert result["threshold"] is None


def test_chinese_is_read_by_characters():
    texts, gold = ["我喜欢苹果", "红苹果", "铁锤子", "锤子和锯"], [[1, 0], [1, 0], [0, 1], [0, 1]]
    result = linear_svc_baseline(
        texts, gold, ["大苹果"], [[1, 0]], ["一把锤子"], [[0, 1]], "multi-class"
    )
    assert result["test"]["micro_f1"] == 1


@pytest.mark.parametrize("kind", ["multi-label", "multi-class"])
def test_a_label_of_all_or_none_is_no_error(kind):
    gold = np.tile([1, 0], (len(FRUIT), 1))
    result = linear_svc_baseline(FRUIT, gold, ["pie"], [[1, 0]], ["saw"], [[0, 1]], kind)
    assert result["valid"]["micro_f1"] == 1
    assert result["test"]["micro_f1"] == 0


def test_the_same_result_every_time_and_progress_is_told():
    seen = []
    args = (TEXTS, GOLD, TEXTS, GOLD, TEXTS, GOLD, "multi-label")
    first = linear_svc_baseline(*args, progress=lambda done, of: seen.append((done, of)))
    second = linear_svc_baseline(*args)
    assert seen == [(1, 2), (2, 2)]
    assert first | {"seconds": 0} == second | {"seconds": 0}


def test_nothing_to_learn_leaves_the_line_out():
    rest = (["a"], [[1]], ["a"], [[1]], "multi-label")
    assert linear_svc_baseline(["...", ""], [[1], [0]], *rest) is None
    assert linear_svc_baseline(["a", "b"], [[0], [0]], *rest) is None


def test_without_scikit_learn_the_line_is_left_out(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    args = (TEXTS, GOLD, TEXTS, GOLD, TEXTS, GOLD, "multi-label")
    assert linear_svc_baseline(*args) is None
