"""Linear models on vectors: what they learn of texts, and of pairs."""

import numpy as np
import pytest

from kerasbert.heads.classification.head import Classification
from kerasbert.heads.pair_vectors import features, sides
from kerasbert.heads.regression.head import Regression
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.labels import LabelSet

pytest.importorskip("sklearn")


def embed(texts):
    """(N, 2): where on a circle the number is that each text is."""
    angles = np.array([float(text) for (text,) in texts])
    return 3 * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def parts(made):
    return {name: [made(line) for line in range(40)] for name in ("train", "valid", "test")}


RNG = np.random.default_rng(0)


def labelled(line):
    angle = RNG.uniform(-3, 3)
    return LabeledDocument((f"{angle}",), ("above" if angle > 0 else "below",), line)


def alike(line):
    one, other = RNG.uniform(0, 3, 2)
    texts = (f"{one}", f"{other}")
    return LabeledDocument(texts, (f"{10 * np.cos(one - other) + 100}",), line)


@pytest.mark.parametrize("kind", ["binary", "multi-label"])
def test_labels_of_vectors(kind):
    head = Classification(LabelSet(("above", "below")), kind)
    (rival,) = head.vector_rivals(parts(labelled), "circle", embed)
    assert rival["name"] == "vectors of circle + LinearSVC"
    assert rival["test"]["f1"] > 0.9 and rival["valid"]["documents"] == 40


def test_a_cosine_is_a_number_by_a_line():
    documents = parts(alike)
    head = Regression.from_documents(documents["train"])
    cosine, ridge = head.vector_rivals(documents, "circle", embed)
    assert [cosine["name"], ridge["name"]] == ["cosine of circle", "vectors of circle + ridge"]
    assert cosine["test"]["mae"] < 1e-6  # 10 times the cosine and 100 is what it is
    assert ridge["test"]["pearson"] > 0.9  # the cosine is the sum of u * v


def test_both_sides_are_compared():
    u, v = sides(embed, [("0", "1"), ("2", "2")])
    np.testing.assert_allclose(np.linalg.norm(u, axis=1), 1)
    found = features([u, v])
    assert found.shape == (2, 8) and not found[1, 4:6].any()
    assert features([u]) is u
