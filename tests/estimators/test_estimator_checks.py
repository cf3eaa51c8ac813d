"""The estimator beside scikit-learn: its own checks, and its tools. What learns is a stand-in."""

import warnings

import numpy as np
import pytest
from made_estimator import OfNumbers, Quick

from kerasbert.estimators.text_classifier import TextClassifier

pytestmark = pytest.mark.in_turn

NUMBERS = "about numbers as features, which texts are not"
LEFT_OUT = {
    "check_estimators_dtypes": NUMBERS,
    "check_dtype_object": NUMBERS,
    "check_complex_data": NUMBERS,
    "check_estimators_nan_inf": NUMBERS,
    "check_f_contiguous_array_estimator": NUMBERS,
    "check_readonly_memmap_input": NUMBERS,
    "check_positive_only_tag_during_fit": NUMBERS,
    "check_array_api_input": NUMBERS,
    "check_estimator_sparse_tag": "sparse matrices of features",
    "check_estimator_sparse_array": "sparse matrices of features",
    "check_estimator_sparse_matrix": "sparse matrices of features",
    "check_estimators_empty_data_messages": "a matrix without columns",
    "check_fit1d": "one column of numbers where several were expected: texts are one",
    "check_fit2d_predict1d": "one column of numbers where several were expected: texts are one",
    "check_fit2d_1feature": "a matrix of one column",
    "check_n_features_in": "texts have no number of features",
    "check_n_features_in_after_fitting": "texts have no number of features",
    "check_classifiers_multilabel_output_format_decision_function": "there is no such method",
}

WORDS = {"cat": ["cat", "mouse", "purrs"], "oak": ["oak", "leaf", "grows"], "bus": ["bus", "rides"]}


def made(count, seed=0):
    """Texts with one, two or none of three labels in them."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(count):
        chosen = [name for name in WORDS if rng.random() < 0.5]
        words = [rng.choice(WORDS[name]) for name in chosen for _ in range(3)]
        texts.append(" ".join(["the", *words]))
        labels.append(chosen)
    return texts, labels


def single(count):
    rng = np.random.default_rng(1)
    names = rng.choice(list(WORDS), count)
    return [f"the {rng.choice(WORDS[name])}" for name in names], names


def checks():
    checking = pytest.importorskip("sklearn.utils.estimator_checks")
    if not hasattr(checking, "estimator_checks_generator"):
        pytest.skip("scikit-learn 1.6 made its checks a list")
    return checking.estimator_checks_generator(OfNumbers())


def test_scikit_learns_own_checks():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wants its own base class, which we do not import
        done = set()
        for estimator, check in checks():
            name = check.func
            while hasattr(name, "func"):
                name = name.func
            if name.__name__ not in LEFT_OUT:
                done.add(name.__name__)
                check(estimator)
    assert len(done) > 30


def test_tags_are_those_of_a_classifier_of_texts():
    utils = pytest.importorskip("sklearn.utils")
    base = pytest.importorskip("sklearn.base")
    assert base.is_classifier(TextClassifier())
    if hasattr(utils, "get_tags"):
        tags = utils.get_tags(TextClassifier())
        assert tags.input_tags.string and not tags.input_tags.two_d_array
        assert tags.classifier_tags.multi_label and tags.target_tags.required


def test_search_validation_and_pipeline():
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    texts, names = single(60)
    assert cross_val_score(Quick(), texts, names, cv=3).min() > 0.9
    search = GridSearchCV(Quick(), {"epochs": [2, 3], "learning_rate": np.array([0.1])}, cv=2)
    search.fit(texts, names)
    assert search.best_params_["epochs"] in (2, 3)
    assert search.best_estimator_.get_params()["learning_rate"] == 0.1
    lower = FunctionTransformer(lambda X: [text.lower() for text in X])
    pipeline = make_pipeline(lower, Quick(seed=3)).fit([text.upper() for text in texts], names)
    assert pipeline.score(texts, names) > 0.9 and "Quick" in pipeline._repr_html_()
    assert clone(pipeline[-1]).get_params() == pipeline[-1].get_params()

    texts, lists = made(60)
    matrix = np.array([[name in row for name in sorted(WORDS)] for row in lists])
    assert cross_val_score(Quick(), texts, matrix, cv=3, scoring="f1_macro").min() > 0.8
    assert cross_val_score(Quick(), texts, lists, cv=KFold(3)).min() > 0.6


def test_predict_answers_in_the_form_of_y():
    texts, lists = made(50)
    matrix = np.array([[name in row for name in sorted(WORDS)] for row in lists], int)
    by_list = Quick().fit(texts, lists)
    by_matrix = Quick().fit(texts, matrix)
    assert by_list.classes_.tolist() == sorted(WORDS) and by_matrix.classes_.tolist() == [0, 1, 2]
    np.testing.assert_allclose(by_list.predict_proba(texts), by_matrix.predict_proba(texts))
    found, columns = by_list.predict(texts), by_matrix.predict(texts)
    assert [[n in row for n in sorted(WORDS)] for row in found] == columns.astype(bool).tolist()
    assert all(isinstance(name, str) for row in found for name in row)
    right = np.mean([set(a) == set(b) for a, b in zip(found, lists, strict=True)])
    assert by_list.score(texts, lists) == by_matrix.score(texts, matrix) == right
    rows = matrix.tolist()
    np.testing.assert_array_equal(Quick().fit(texts, rows).predict(texts), columns)
    sets = [set(row) for row in lists]
    assert Quick().fit(texts, sets).predict(texts) == found


def test_a_column_without_a_one_stays_a_column():
    texts, lists = made(40)
    matrix = np.array([[name in row for name in sorted(WORDS)] for row in lists], int)
    matrix = np.insert(matrix, 1, 0, axis=1)
    classifier = Quick().fit(texts, matrix)
    assert classifier.predict(texts).shape == classifier.predict_proba(texts).shape == (40, 4)
    assert not classifier.predict_proba(texts)[:, 1].any()


@pytest.mark.parametrize(
    "values",
    [
        ["b", "a", "c"],
        [10, 9, -1],
        [True, False, True],
        [2.0, 1.0, 10.0],
        np.array([3, 1, 2], np.int8),
        np.array(["b", "a", "c"], object),
    ],
    ids=str,
)
def test_labels_keep_their_type_and_order(values):
    texts, names = single(40)
    y = [values[list(WORDS).index(name)] for name in names]
    y = np.array(y, values.dtype) if isinstance(values, np.ndarray) else y
    classifier = Quick().fit(texts, y)
    np.testing.assert_array_equal(classifier.classes_, np.unique(np.asarray(y)))
    assert classifier.classes_.dtype == np.asarray(y).dtype
    found = classifier.predict(texts)
    assert found.dtype == classifier.classes_.dtype
    np.testing.assert_array_equal(found, y)
    said = classifier.predict_proba(texts)
    np.testing.assert_array_equal(classifier.classes_[said.argmax(1)], found)


TEXTS, NAMES = single(20)
NAMES = NAMES.tolist()


@pytest.mark.parametrize(
    "X, y, message",
    [
        (TEXTS, NAMES[:-1], "20 texts, 19 labels"),
        (TEXTS, ["a"], "20 texts, 1 label. Give"),  # not that one class is too few
        (TEXTS, [None, *NAMES[1:]], r"NaN or None: y\[0\] has no label"),
        (TEXTS, [float("nan"), *NAMES[1:]], r"y\[0\] has no label"),
        (TEXTS, [1.0, float("nan")] * 10, r"Input y contains NaN: y\[1\]"),
        (TEXTS, np.arange(20) / 3, "Unknown label type: continuous"),
        (TEXTS, [1, "a"] * 10, "labels of one type were expected. Received: int and str"),
        (TEXTS, ["a"] * 20, "one class only, 'a'"),
        (TEXTS, [], "y: there is no label"),
        (TEXTS, "labels", "y: expected a label for each document"),
        (TEXTS, ["a ", "b"] * 10, "'a ' is no label"),
        (TEXTS, [b"a", b"b"] * 10, r"y\[0\] holds bytes"),
        (TEXTS, [["a"], "b"] * 10, r"y\[1\]: a list of labels"),
        (TEXTS, [["a"], [None]] * 10, r"y\[1\] has no label"),
        (TEXTS, [[]] * 20, "none has a label"),
        (TEXTS, np.full((20, 3), 2), "0 and 1 was expected. Received: 2"),
        (TEXTS, np.zeros((20, 3, 2)), r"shape \(20, 3, 2\)"),
        ([*TEXTS[1:], " "], NAMES, r"X\[19\]: an empty text"),
        (np.array([TEXTS] * 3).T, NAMES, r"shape \(20, 3\)"),
        ([("a", "b"), *TEXTS[1:]], NAMES, r"X\[1\]: a single text, expected a pair"),
    ],
)
def test_what_cannot_be_learned_is_one_clear_error(X, y, message):
    with pytest.raises(ValueError, match=message):
        Quick().fit(X, y)


@pytest.mark.parametrize("X", ["a text", [1.5] * 20, [None] * 20, np.zeros((20, 2)), 3])
def test_what_is_no_text_is_a_type_error(X):
    with pytest.raises(TypeError, match=r"expected a (list of texts|string)"):
        Quick().fit(X, NAMES)


def test_answers_before_and_beside_what_was_learned():
    from sklearn.exceptions import NotFittedError

    for ask in (lambda c: c.predict(TEXTS), lambda c: c.run_, lambda c: c.save("there")):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            ask(Quick())
    fitted = Quick().fit(TEXTS, NAMES)
    with pytest.raises(ValueError, match=r"expected single texts, as in fit. Received: pairs"):
        fitted.predict([("a", "b")])
    with pytest.raises(ValueError, match="expected a label for each document, as in fit"):
        fitted.score(TEXTS, [[name] for name in NAMES])
    with pytest.raises(ValueError, match="20 texts, 3 labels"):
        fitted.score(TEXTS, NAMES[:3])
    with pytest.raises(ValueError, match="Did you mean 'epochs'"):
        fitted.set_params(epoch=3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'epoch'"):
        Quick(epoch=3)
    assert fitted.predict([]).shape == (0,) and fitted.predict_proba([]).shape == (0, 3)


def test_what_a_notebook_shows_is_small_and_escaped():
    shown = Quick(tokenizer="<word>", epochs=3)._repr_html_()
    assert "&lt;word&gt;" in shown and "<word>" not in shown and "http" not in shown
    assert len(shown) < 1000
    assert repr(Quick(epochs=3)) == "Quick(epochs=3)" and repr(Quick()) == "Quick()"
