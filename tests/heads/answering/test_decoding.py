"""The best stretch of a context: held to trying all of them."""

import numpy as np
import pytest

from kerasbert.heads.answering.decoding import (
    Window,
    answer_text,
    best_answers,
    best_threshold,
)


def window(start, end, first=0, inside=None):
    """Tokens of two characters, with one between them; the first position is [CLS]."""
    count = len(start)
    begins = np.array([0, *(3 * (first + n) for n in range(count - 1))])
    inside = np.array([False] + [True] * (count - 1)) if inside is None else np.array(inside, bool)
    scores = np.stack([start, end], axis=1).astype(np.float32)
    return Window(scores, begins, begins + 2, inside)


def test_the_end_is_not_before_the_beginning():
    found = best_answers([window([0, 1, 9, 2], [0, 9, 1, 2])], most_tokens=3)
    # 9 + 9 would end before it begins: token 2 to 3 has 9 + 2, token 1 alone 1 + 9.
    assert (found.begins[0], found.ends[0], found.scores[0]) == (3, 8, 11)
    assert found.null == 0 and found.lack == -11


def test_no_longer_than_allowed_and_inside_the_context():
    long = window([0, 9, 0, 0, 1], [0, 0, 0, 0, 9])
    assert best_answers([long], most_tokens=4).scores[0] == 18
    assert best_answers([long], most_tokens=3).scores[0] == 10
    masked = window([0, 9, 0, 0, 1], [0, 0, 0, 0, 9], inside=[0, 0, 1, 1, 1])
    assert best_answers([masked], most_tokens=4).scores[0] == 10


def test_over_windows_a_stretch_has_its_best_score_and_no_answer_its_lowest():
    one = window([3, 1, 5], [4, 1, 5], first=0)
    two = window([1, 6, 0], [1, 6, 0], first=1)  # its first token is the second of the other
    found = best_answers([one, two], most_tokens=2)
    assert (found.begins[0], found.ends[0], found.scores[0], found.null) == (3, 5, 12, 2)
    pairs = list(zip(found.begins, found.ends, strict=True))
    assert len(set(pairs)) == len(pairs) == 5


@pytest.mark.parametrize("seed", range(20))
def test_all_stretches_tried(seed):
    rng = np.random.default_rng(seed)
    windows, tried = [], {}
    for first in (0, 3):
        count = int(rng.integers(2, 9))
        made = window(*rng.normal(size=(2, count)), first=first, inside=rng.random(count) < 0.8)
        windows.append(made)
        for i in range(count):
            for j in range(i, min(i + 3, count)):
                if made.inside[i] and made.inside[j]:
                    key = (int(made.begins[i]), int(made.ends[j]))
                    score = float(made.scores[i, 0]) + float(made.scores[j, 1])
                    if key[1] > key[0]:
                        tried[key] = max(score, tried.get(key, -np.inf))
    found = best_answers(windows, most_tokens=3, kept=100)
    order = sorted(tried, key=lambda key: -tried[key])
    assert list(zip(found.begins.tolist(), found.ends.tolist(), strict=True)) == order
    assert found.scores == pytest.approx([tried[key] for key in order])
    if order:
        probabilities, none = found.probabilities(unanswerable=True)
        assert probabilities.sum() + none == pytest.approx(1)
        apart = [k for k, (b, e) in enumerate(order) if b >= order[0][1] or e <= order[0][0]]
        assert found.runner_up() == (apart[0] if apart else None)
        few = best_answers(windows, most_tokens=3, kept=2)
        assert (few.runner_up() is None) == (not apart)  # it is kept, however far behind


def test_nothing_legal():
    found = best_answers([window([1, 2], [1, 2], inside=[0, 0])], most_tokens=3)
    assert len(found.scores) == 0 and found.lack == np.inf and found.runner_up() is None


def test_nan_is_nobodys_best():
    found = best_answers([window([0, np.nan, 1], [0, 1, 1])], most_tokens=1)
    assert found.begins[0] == 3


def test_white_space_around_an_answer_goes():
    assert answer_text("in  London now", 2, 11) == ("London", 4, 10)


def test_the_threshold_is_the_best_of_all():
    rng = np.random.default_rng(0)
    for _ in range(100):
        count = int(rng.integers(1, 12))
        lacks = rng.integers(-4, 5, count).astype(float)
        answered, unanswered = rng.random(count), rng.integers(0, 2, count).astype(float)
        threshold, figure = best_threshold(lacks, answered, unanswered)
        given = np.where(lacks <= threshold, answered, unanswered).mean()
        tried = [np.where(lacks <= t, answered, unanswered).mean() for t in np.arange(-6, 6, 0.5)]
        assert figure == pytest.approx(given) == pytest.approx(max(tried))


def test_a_threshold_of_zero_stays_where_it_is_as_good():
    threshold, figure = best_threshold(
        np.array([-2.0, 3.0]), np.array([1.0, 0.0]), np.array([0.0, 1.0])
    )
    assert (threshold, figure) == (0.0, 1.0)
