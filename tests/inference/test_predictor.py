"""A fine-tuned run that answers: in threads, in any batch, with its words."""

import dataclasses
import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

import kerasbert
from kerasbert.errors import InputError
from kerasbert.files import to_json
from kerasbert.heads.classification.answers import label_answers
from kerasbert.heads.classification.decision import Decision
from kerasbert.inference.embedder import Embedder
from kerasbert.inference.explain import _without, explain
from kerasbert.runs.loading import load_saved

TEXTS = [
    "the cat saw the dog near a mouse.",
    "the oak and the old rose.",
    "",
    "a rose, a fern, a dog " * 10,
    "the rose saw a moss",
] * 4


@pytest.fixture(scope="module")
def predictor(classifier_run):
    return kerasbert.load(classifier_run)


def scores(answers):
    return np.array(
        [[one["scores"].get(name, 0) for name in ("animal", "plant")] for one in answers]
    )


def test_answers_do_not_depend_on_batch_or_order(predictor):
    answers = predictor(TEXTS)
    assert [one["labels"] for one in answers[:2]] == [["animal"], ["plant"]]
    alone = [predictor([text])[0] for text in TEXTS]
    few = predictor(TEXTS[:3])
    back = predictor(TEXTS[::-1])[::-1]
    for other in (alone, back, few):
        assert [one["labels"] for one in other] == [one["labels"] for one in answers[: len(other)]]
        np.testing.assert_allclose(scores(other), scores(answers[: len(other)]), atol=2e-6)
    rows = predictor.rows(TEXTS)
    expected = predictor.decision.probabilities(predictor.outputs(rows))
    for size in (1, 3, 1000):
        np.testing.assert_allclose(
            predictor.decision.probabilities(predictor.outputs(rows, size)), expected, atol=2e-6
        )
    assert predictor([]) == []


def test_threads_share_a_predictor(predictor):
    expected = [predictor([text]) for text in TEXTS]
    before = predictor.truncated
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda text: predictor([text]), TEXTS * 5))
    assert found == expected * 5
    assert predictor.truncated - before == 5 * sum("fern" in text for text in TEXTS)


def test_threads_may_load_while_others_answer(classifier_run, predictor):
    expected = predictor(TEXTS)
    with ThreadPoolExecutor(4) as threads:
        loading = [threads.submit(kerasbert.load, classifier_run) for _ in range(3)]
        for _ in range(5):
            assert predictor(TEXTS) == expected
        for one in loading:
            assert one.result()(TEXTS) == expected


@pytest.mark.parametrize(
    "decision, chosen",
    [
        (Decision("multi-label"), [["animal", "plant"], ["plant"], ["animal"]]),
        (Decision("multi-label", "threshold"), [["animal", "plant"], ["plant"], []]),
        (Decision("multi-label", "top-k", top_k=2), [["animal", "plant"], ["plant", "animal"]] * 2),
        # By thresholds of their own the less probable label may be the one that is chosen.
        (Decision("multi-label", "threshold", (0.95, 0.1)), [["plant"], ["plant"], ["plant"]]),
        (Decision("multi-class"), [["animal"], ["plant"], ["animal"]]),
    ],
)
def test_what_is_in_labels_is_in_scores(decision, chosen):
    scores = np.array([[0.9, 0.6], [0.2, 0.7], [0.4, 0.3]])
    for top_k in (None, 1, 2, 5):
        answers = label_answers(scores, decision, ("animal", "plant"), top_k)
        for answer, row, expected in zip(answers, scores, chosen, strict=False):
            assert answer["labels"] == expected[:top_k]
            assert set(answer["labels"]) <= set(answer["scores"])
            assert set(answer["scores"]) & set(expected) == set(answer["labels"])
            assert len(answer["scores"]) == min(top_k or 2, 2)
            said = dict(zip(("animal", "plant"), row, strict=True))
            assert answer["scores"] == pytest.approx(
                {name: said[name] for name in answer["scores"]}
            )
            values = list(answer["scores"].values())
            assert values == sorted(values, reverse=True)


def test_scores_that_are_no_numbers_are_null_with_the_reason():
    said = np.array([[np.nan, 0.6]])
    (answer,) = label_answers(said, Decision("multi-label"), ("animal", "plant"))
    assert json.loads(to_json(answer)) == {
        "labels": ["plant"],
        "scores_reason": "the model's outputs are no finite numbers",
        "scores": {"plant": 0.6, "animal": None},
    }


def test_one_text_in_place_of_a_list_is_refused(predictor):
    with pytest.raises(TypeError, match=r"make a list: \[text\]"):
        predictor("the cat")
    with pytest.raises(InputError, match="text 1: expected one text"):
        predictor(["a", ("a", "b")])


@pytest.mark.parametrize(
    "wrong", [{"text": "wheat"}, b"wheat", None, 3.5, ["a", ["b"]], (), ("a", "b", "c"), [["a"]]]
)
def test_what_is_no_text_is_refused_wherever_texts_go_in(predictor, classifier_run, wrong):
    """A record's keys, or a string's first letter, would be answered instead."""
    embedder = Embedder(classifier_run)
    for ask in (predictor, predictor.outputs, embedder.pooled):
        with pytest.raises(TypeError, match=r"text 1: expected a string.*Received: "):
            ask(["the cat", wrong])
    for ask in (predictor, embedder.states):
        with pytest.raises(TypeError, match="expected a list of texts"):
            ask({"text": "wheat"})
    with pytest.raises(TypeError, match="expected a list of strings"):
        predictor.tokenizer.encode([wrong])


def test_strings_and_rows_are_answered_alike(predictor, classifier_run):
    rows = [(text,) for text in TEXTS]
    np.testing.assert_array_equal(predictor.outputs(TEXTS), predictor.outputs(rows))
    embedder = Embedder(classifier_run)
    np.testing.assert_array_equal(embedder.pooled(TEXTS), embedder.pooled(rows))
    assert predictor(iter(TEXTS)) == predictor(TEXTS)
    with pytest.raises(ValueError, match="not both"):
        embedder.pooled(["a", ("a", "b")])


def test_a_run_of_an_older_version_still_answers(classifier_run, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(classifier_run, old)
    metrics = json.loads((old / "metrics.json").read_text())
    for name in ("decision", "calibration", "thresholds", "confused", "hardest"):
        del metrics[name]
    metrics["threshold"] = 0.4
    (old / "metrics.json").write_text(json.dumps(metrics))
    predictor = kerasbert.load(old)
    assert predictor.decision.threshold == 0.4 and predictor.decision.temperature == 1.0
    assert predictor(TEXTS[:1])[0]["labels"] == ["animal"]


def test_thresholds_of_another_label_set_are_refused(classifier_run, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(classifier_run, other)
    metrics = json.loads((other / "metrics.json").read_text())
    metrics["decision"]["threshold"] = [0.5] * 3
    (other / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(InputError, match="3 thresholds for 2 labels"):
        kerasbert.load(other)


def test_a_word_weighs_what_the_answer_loses_without_it(predictor):
    text = "The cat, near a rose"
    (found,) = explain(predictor, [text])
    words = [text[word.start : word.end] for word in found.words]
    assert words == ["The", "cat", ",", "near", "a", "rose"]
    assert found.answer == predictor([text])[0]
    logits = predictor.outputs([(text,), ("The  , near a rose",)])
    logits = logits.astype(float) / predictor.decision.temperature
    for label in found.answer["labels"]:
        column = predictor.head.labels.names.index(label)
        odds = logits[:, column]
        if predictor.head.kind != "multi-label":
            odds = odds - logits[:, 1 - column]
        assert found.words[1].weights[label] == pytest.approx(odds[0] - odds[1], abs=1e-4)


def test_the_word_that_names_the_topic_carries_the_label(predictor):
    for text, word, label in (
        ("a cat saw the", "cat", "animal"),
        ("the oak saw a", "oak", "plant"),
    ):
        (found,) = explain(predictor, [text])
        assert found.answer["labels"][0] == label
        assert found.strongest(label)[0]["word"] == word


def test_an_empty_text_is_not_guessed(predictor, classifier_run):
    for text in ("", " \n"):
        (found,) = explain(predictor, [text])
        assert found.words == [] and found.answer == predictor([text])[0]
        assert found.answer == {"labels": [], "scores": {}}
    assert predictor([""], labels_only=True) == [{"labels": []}]
    embedder = Embedder(classifier_run)
    vectors = embedder.pooled(["", "the cat", " "])
    assert np.isnan(vectors).all(axis=1).tolist() == [True, False, True]
    np.testing.assert_allclose(vectors[1:2], embedder.pooled(["the cat"]), atol=2e-6)
    states = embedder.states(["the cat", ""])
    assert [one.shape for one in states] == [(4, 16), (0, 16)]


def test_options_that_a_head_does_not_take_are_refused(predictor):
    with pytest.raises(InputError, match=r"--top-j: the run's head, classification, does not take"):
        predictor(["the cat"], top_j=3)
    single = dataclasses.replace(predictor.head, kind="binary")
    with pytest.raises(InputError, match=r"--threshold: expected a multi-label run, this one is b"):
        single.check_options({"threshold": 0.4})


def test_the_runner_up_and_what_speaks_against(predictor):
    (found,) = explain(predictor, ["the cat saw a small oak near the dog"])
    assert found.explained == tuple(found.answer["labels"])
    assert set(found.explained) | set(found.next_explained) == {"animal", "plant"}
    against = found.against("animal")
    assert against[0]["weight"] < 0 and against[0]["word"] not in ("cat", "dog")
    (all_of_it,) = explain(predictor, ["a cat and an oak"], threshold=1e-37)
    assert {*all_of_it.explained} == {"animal", "plant"} and all_of_it.runner_up is None


def test_what_is_read_ends_where_the_model_stops(predictor):
    text = "the oak saw " * 20
    (found,) = explain(predictor, [text])
    assert found.read == (len("the oak saw " * 12 + "the oak"),) and len(found.words) == 38
    assert found.to_json()["read"] == list(found.read)
    cut = text[: found.read[0]]
    assert found.answer["scores"] == pytest.approx(predictor([cut])[0]["scores"], abs=2e-6)


def test_words_of_chinese_are_those_of_jieba(predictor):
    pytest.importorskip("rjieba")
    (found,) = explain(predictor, ["本文研究了 the cat 贵州"])
    words = [found.texts[0][word.start : word.end] for word in found.words]
    assert words == ["本文", "研究", "了", "the", "cat", "贵州"]


def test_loading_leaves_the_initializers_as_they_were(classifier_run):
    before = keras.initializers.GlorotUniform(seed=1)((3, 2))
    load_saved(classifier_run / "model.keras")
    after = keras.initializers.GlorotUniform(seed=1)((3, 2))
    before, after = (keras.ops.convert_to_numpy(one) for one in (before, after))
    assert np.abs(before).min() > 0
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    "start, end, left",
    [(0, 3, "old fish."), (4, 7, "the fish."), (8, 12, "the old ."), (12, 13, "the old fish")],
)
def test_what_is_left_of_a_text_without_a_word_has_no_more_spaces(start, end, left):
    """A tokenizer of bytes has a token for each of them."""
    assert _without("the old fish.", start, end) == left


def test_a_model_in_memory_answers_as_its_run(predictor, files):
    """With the decision of the run, or one that is fitted to the same validation data."""
    labels = predictor.head.labels
    beside = {"max_length": predictor.max_length}
    plain = kerasbert.Predictor.of(predictor.model, predictor.tokenizer, labels, **beside)
    np.testing.assert_array_equal(
        plain.outputs(plain.rows(TEXTS)), predictor.outputs(predictor.rows(TEXTS))
    )
    assert plain(["the cat saw the dog near a mouse."])[0]["labels"] == ["animal"]
    assert explain(plain, plain.rows(TEXTS[:1]))[0].strongest("animal")
    valid = kerasbert.LabeledBatches(
        kerasbert.read_labeled(files / "valid.txt"), predictor.tokenizer, labels, **beside
    )
    fitted = kerasbert.Predictor.of(
        predictor.model, predictor.tokenizer, labels.names, **beside, valid=valid
    )
    assert fitted.decision.temperature == pytest.approx(predictor.decision.temperature, rel=1e-3)
    with pytest.raises(InputError, match="there are 3 labels, the model has 2"):
        kerasbert.Predictor.of(predictor.model, predictor.tokenizer, ["a", "b", "c"])
