"""The estimator of question answering."""

import pickle

import pytest

import kerasbert as kb

PLACES = ["rome", "paris", "oslo", "lima", "cairo"]
CONTEXTS = [f"the {animal} sat in {place} ." for animal in ("cat", "dog", "ox") for place in PLACES]
QUESTIONS = [f"where sat {number} ?" for number in range(len(CONTEXTS))]
ANSWERS = [PLACES[number % 5] for number in range(len(CONTEXTS))]
TINY = {"d_model": 16, "tokenizer": "word", "max_length": 24, "batch_size": 5, "verbose": False}
TINY |= {"learning_rate": 0.03, "epochs": 6}


@pytest.fixture(scope="module")
def answerer():
    data = (QUESTIONS, CONTEXTS, ANSWERS)
    return kb.QuestionAnswerer(**TINY).fit(*data, valid=data)


@pytest.mark.backend
@pytest.mark.in_turn  # a run of `finetune --head answering`, tested on every backend
def test_it_answers_scores_and_is_saved(answerer, tmp_path):
    assert answerer.predict(QUESTIONS, CONTEXTS) == ANSWERS
    assert answerer.score(QUESTIONS, CONTEXTS, ANSWERS) == 1
    assert answerer.metrics_["valid"]["exact_match"] == 1
    (answer,) = answerer.answer(["where ?"], ["a cat sat in oslo ."])
    assert (answer["answer"], answer["start"], answer["end"]) == ("oslo", 13, 17)
    answerer.save(tmp_path / "kept")
    again = kb.QuestionAnswerer.load(tmp_path / "kept")
    assert again.get_params()["epochs"] == 6 and again.out is None
    assert again.answer(QUESTIONS, CONTEXTS) == answerer.answer(QUESTIONS, CONTEXTS)
    assert pickle.loads(pickle.dumps(answerer)).predict(QUESTIONS, CONTEXTS) == ANSWERS
    assert "exact match 1.000" in answerer._repr_html_()


@pytest.mark.parametrize(
    "answer, message",
    [
        ("Rome", r"answers\[0\]: 'Rome' does not stand in its context"),
        ("the", r"answers\[0\]: 'the' stands in its context more than once"),
        (("rome", 1), r"answers\[0\]: the answer 'rome' is not at character 1"),
        (3, r"answers\[0\]: expected a string, \(string, first character\)"),
    ],
)
def test_answers_that_do_not_fit(answer, message):
    with pytest.raises(ValueError, match=message):
        kb.QuestionAnswerer(**TINY).fit(["where ?"], ["the cat in the rome"], [answer])


def test_unequal_lengths_and_what_is_not_fitted():
    with pytest.raises(ValueError, match=r"as many of each. Received: 1 and 2"):
        kb.QuestionAnswerer(**TINY).fit(["a"], ["b", "c"], ["b"])
    with pytest.raises(ValueError, match="Received: 2 for 1"):
        kb.QuestionAnswerer(**TINY).fit(["a"], ["b"], ["b", "b"])
    with pytest.raises(Exception, match="not fitted yet"):
        kb.QuestionAnswerer().predict(["a"], ["b"])
