"""Word vectors in every format that others write."""

import gzip

import numpy as np
import pytest

from kerasbert.errors import InputError
from kerasbert.tokenizer.training import train_tokenizer
from kerasbert.tokenizer.word_vectors import fit_dimension, read_word_vectors

WORDS = {"cat": [1.0, 2.0, 3.0], "Dog": [4.0, 5.0, 6.0], "zebra": [7.0, 8.0, 9.0]}
TEXTS = ["the cat saw the dog"] * 3


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS, "word")


def text_lines():
    return [f"{word} {' '.join(map(str, vector))}" for word, vector in WORDS.items()]


def write(path, form):
    if form == "binary":
        rows = (w.encode() + b" " + np.array(v, "<f4").tobytes() for w, v in WORDS.items())
        path.with_suffix(".bin").write_bytes(b"3 3\n" + b"\n".join(rows) + b"\n")
        return path.with_suffix(".bin")
    lines = (["3 3"] if form in ("word2vec", "gzip") else []) + text_lines()
    content = "\n".join(lines).encode() + b"\n"
    path.write_bytes(gzip.compress(content) if form == "gzip" else content)
    return path


@pytest.mark.parametrize("form", ["word2vec", "glove", "binary", "gzip"])
def test_each_format_gives_the_vectors_of_the_vocabulary(form, tokenizer, tmp_path):
    found = read_word_vectors(write(tmp_path / "vectors.vec", form), tokenizer)
    ids = tokenizer.encode(["cat dog"])[0]
    expected = dict(zip(ids.tolist(), [WORDS["cat"], WORDS["Dog"]], strict=True))
    assert found.ids.tolist() == sorted(expected) and found.vectors.dtype == np.float32
    np.testing.assert_array_equal(found.vectors, [expected[i] for i in found.ids.tolist()])
    assert str(found) == "2 of the vocabulary's 4 whole words (50%)"


@pytest.mark.parametrize("lines", [["DOG 1", "dog 2"], ["dog 2", "DOG 1"]])
def test_the_exact_word_goes_before_its_other_cases(lines, tokenizer, tmp_path):
    (tmp_path / "v.vec").write_text("\n".join(lines) + "\n")
    assert read_word_vectors(tmp_path / "v.vec", tokenizer).vectors.tolist() == [[2.0]]


def test_without_lower_casing_another_case_is_another_word(tmp_path):
    tokenizer = train_tokenizer(TEXTS, "word", lowercase=False)
    found = read_word_vectors(write(tmp_path / "v.vec", "glove"), tokenizer)
    assert found.ids.tolist() == tokenizer.encode(["cat"])[0].tolist()


def test_pieces_are_no_words(tmp_path):
    tokenizer = train_tokenizer(["unbelievably believable cats"] * 5, vocabulary_size=40)
    pieces = [token for token in tokenizer._tokenizer.get_vocab() if token.startswith("##")]
    (tmp_path / "v.vec").write_text(f"{pieces[0]} 1 2\nb 3 4\n")
    assert len(read_word_vectors(tmp_path / "v.vec", tokenizer).ids) == 1


@pytest.mark.parametrize(
    "content, message",
    [
        ("2 3\ncat 1 2 3\ndog 1 2\n", "v.vec:3: expected a word and 3 numbers"),
        ("cat 1 2 x\n", "v.vec:1: expected a word and 3 numbers"),
        ("cat\n", "v.vec:1: expected a word and 1 numbers"),
        ("horse 1 2\n", "none of its words is in the vocabulary"),
        ("", "none of its words"),
    ],
)
def test_what_is_wrong_is_named(content, message, tokenizer, tmp_path):
    (tmp_path / "v.vec").write_text(content)
    with pytest.raises(InputError, match=message):
        read_word_vectors(tmp_path / "v.vec", tokenizer)


def test_a_binary_file_cut_short(tokenizer, tmp_path):
    path = write(tmp_path / "v", "binary")
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(InputError, match="cut short at word 3 of 3"):
        read_word_vectors(path, tokenizer)
    path.write_bytes(b"\x00" * 300)
    with pytest.raises(InputError, match=r"fastText's own \.bin is another format"):
        read_word_vectors(path, tokenizer)


def test_dimensions():
    rng = np.random.default_rng(0)
    low = rng.normal(size=(50, 2)) @ rng.normal(size=(2, 6))  # six numbers that say two
    vectors = low.astype(np.float32)
    assert fit_dimension(vectors, 6) is vectors
    with pytest.raises(InputError, match=r"have 6 numbers, the model d_model 2\. Give --d-model 6"):
        fit_dimension(vectors, 2)
    projected = fit_dimension(vectors, 2, "project")
    distances = [
        np.linalg.norm(v[:, None] - v[None], axis=-1) for v in (vectors, projected)
    ]  # nothing is lost
    np.testing.assert_allclose(*distances, atol=1e-4)
    wide = fit_dimension(vectors, 8, "project")
    assert wide.shape == (50, 8) and (wide[:, 6:] == 0).all()
