"""Tokenizers: known splits, repeatable training, special tokens that texts cannot forge."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasbert.errors import InputError
from kerasbert.tokenizer.tokenizer import SPECIAL_TOKENS, STYLES, Tokenizer
from kerasbert.tokenizer.training import _parts, train_tokenizer

TEXTS = [
    "The cat sat on the mat, the dog sat on the log.",
    "Cats and dogs: 3.5 of them sat unhappily, happily; [MASK] is a word here.",
    "我来到北京清华大学。北京大学在北京。",
    "Müller grüßt das Mädchen; der Käfer grüßt Müller.",
] * 3

TRAINED = {style: train_tokenizer(TEXTS, style, 500) for style in STYLES}


@pytest.fixture(params=STYLES)
def tokenizer(request):
    return TRAINED[request.param]


def test_special_tokens_come_first(tokenizer):
    ids = [tokenizer.pad_id, tokenizer.unk_id, tokenizer.cls_id, tokenizer.sep_id]
    assert [*ids, tokenizer.mask_id] == [0, 1, 2, 3, 4]
    vocabulary = tokenizers.Tokenizer.from_str(tokenizer.to_json()).get_vocab()
    assert [vocabulary[token] for token in SPECIAL_TOKENS] == [0, 1, 2, 3, 4]
    assert sorted(vocabulary.values()) == list(range(tokenizer.vocabulary_size))
    added = json.loads(tokenizer.to_json())["added_tokens"]
    assert [token["content"] for token in added] == list(SPECIAL_TOKENS)


@pytest.mark.parametrize(
    ("style", "text", "tokens"),
    [
        ("word", "The CAT, sat.", ["the", "cat", ",", "sat", "."]),
        ("word", "the zebra", ["the", "[UNK]"]),
        ("word", "北京", ["北", "京"]),
        ("char", "A t 北", ["a", "t", "北"]),
        ("jieba", "北京大学 the cat", ["北京大学", "the", "cat"]),
        ("wordpiece", "Müller", ["müller"]),
        ("wordpiece", "cats, the log", ["cats", ",", "the", "log"]),
    ],
)
def test_known_tokens(style, text, tokens):
    assert TRAINED[style].tokens(text) == tokens


def test_word_pieces_join_to_the_word():
    pieces = TRAINED["wordpiece"].tokens("mattered")
    assert len(pieces) > 1
    assert "".join(piece.removeprefix("##") for piece in pieces) == "mattered"


def test_encode_is_int32_and_keeps_empty_texts(tokenizer):
    encoded = tokenizer.encode(["the cat", "", "   "])
    assert [ids.dtype for ids in encoded] == [np.int32] * 3
    assert [len(ids) > 0 for ids in encoded] == [True, False, False]
    assert tokenizer.encode([]) == []


def test_literal_special_tokens_are_text(tokenizer):
    reloaded = Tokenizer.from_json(tokenizer.to_json(), tokenizer.segmenter)
    for candidate in (tokenizer, reloaded):
        for ids in candidate.encode([*SPECIAL_TOKENS, "a [MASK] b [PAD][CLS]", "x[SEP]"]):
            assert not set(ids.tolist()) & {0, 2, 3, 4}


def test_lower_casing_is_an_option_and_reads_back():
    for style in STYLES:
        cased = train_tokenizer(TEXTS, style, 500, lowercase=False)
        assert not cased.lowercase
        assert TRAINED[style].lowercase
        assert cased.tokens("The") != cased.tokens("the")
        assert TRAINED[style].tokens("The") == TRAINED[style].tokens("the")


def test_accents_count_composed_or_not(tokenizer):
    assert tokenizer.tokens("Mu\u0308ller") == tokenizer.tokens("M\u00fcller")


def test_save_load_round_trip(tokenizer, tmp_path):
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    loaded = Tokenizer.load(path, tokenizer.segmenter)
    assert loaded.fingerprint() == tokenizer.fingerprint()
    assert (loaded.style, loaded.lowercase) == (tokenizer.style, True)
    assert loaded.vocabulary_size == tokenizer.vocabulary_size
    for a, b in zip(loaded.encode(TEXTS), tokenizer.encode(TEXTS), strict=True):
        assert a.tolist() == b.tolist()
    assert [entry.name for entry in tmp_path.iterdir()] == ["tokenizer.json"]
    # The ecosystem reads the same ids from the file alone (segmented first, for jieba).
    theirs = tokenizers.Tokenizer.from_file(str(path))
    if tokenizer.segmenter is None:
        assert theirs.encode("The cat sat").ids == tokenizer.encode(["The cat sat"])[0].tolist()


def test_fingerprint_tells_tokenizers_apart():
    prints = {tokenizer.fingerprint() for tokenizer in TRAINED.values()}
    assert len(prints) == len(STYLES)
    text = TRAINED["jieba"].to_json()
    assert Tokenizer(text).fingerprint() != Tokenizer(text, "jieba").fingerprint()


def test_training_is_repeatable_across_processes():
    """Many ties: equal counts everywhere, so any order that is not pinned would show."""
    program = (
        "import random;from kerasbert.tokenizer.training import train_tokenizer, STYLES\n"
        "r = random.Random(0); letters = 'abcdefghij北京大学ü'\n"
        "texts = [' '.join(''.join(r.choices(letters, k=r.randint(1, 7))) for _ in range(20))\n"
        "         for _ in range(60)] * 2\n"
        "print(*(train_tokenizer(texts, style, 150).fingerprint() for style in STYLES))\n"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    outputs = {run.communicate(timeout=120)[0] for run in runs}
    assert all(run.returncode == 0 for run in runs)
    assert len(outputs) == 1
    assert len(outputs.pop().split()) == len(STYLES)


def test_vocabulary_is_the_most_frequent_ties_by_name():
    trained = train_tokenizer(["b a b a c c c d"], "word", 7)
    vocabulary = tokenizers.Tokenizer.from_str(trained.to_json()).get_vocab()
    assert sorted(vocabulary, key=vocabulary.get) == [*SPECIAL_TOKENS, "c", "a"]


def test_rare_words_stay_out():
    trained = train_tokenizer(["one two two"], "word")
    assert trained.tokens("one two") == ["[UNK]", "two"]
    assert train_tokenizer(["one two"], "word", min_frequency=1).tokens("one") == ["one"]


def test_counting_in_small_portions_changes_nothing(monkeypatch):
    whole = train_tokenizer(TEXTS, "wordpiece", 300).to_json()
    monkeypatch.setattr("kerasbert.tokenizer.training._CHUNKS_IN_MEMORY", 3)
    assert train_tokenizer(iter(TEXTS), "wordpiece", 300).to_json() == whole
    monkeypatch.setattr("kerasbert.tokenizer.training._WORDS_IN_MEMORY", 10)
    assert train_tokenizer(TEXTS, "word", 300).vocabulary_size <= 15


def test_a_very_long_text_is_counted_part_by_part(monkeypatch):
    text = "the cat saw a dog\nnear the oak and the dog saw it " * 30
    whole = train_tokenizer([text], "word", 300).to_json()
    monkeypatch.setattr("kerasbert.tokenizer.training._LONGEST_PART", 25)
    parts = list(_parts(text))
    assert "".join(parts) == text and max(map(len, parts)) <= 25
    assert train_tokenizer([text], "word", 300).to_json() == whole
    assert list(_parts("x" * 60)) == ["x" * 25, "x" * 25, "x" * 10]  # no space: cut anywhere


@pytest.mark.parametrize(
    ("texts", "style", "size", "message"),
    [
        ([], "word", 100, "no text"),
        (["  ", ""], "wordpiece", 100, "no text"),
        (["one two"], "word", 100, "no word occurs 2 times"),
        (["ab cd"], "wordpiece", 100, "no word occurs 2 times"),
        (TEXTS, "wordpiece", 40, "cannot hold the .* characters"),
        (TEXTS, "word", 5, "no room"),
        (TEXTS, "bpe", 100, "unknown tokenizer style 'bpe'"),
    ],
)
def test_training_errors(texts, style, size, message):
    with pytest.raises(InputError, match=message):
        train_tokenizer(texts, style, size)


def test_a_size_that_was_only_proposed_gives_way_to_the_alphabet():
    """Chinese has more characters than the smallest vocabulary has entries."""
    with pytest.raises(InputError, match="cannot hold"):
        train_tokenizer(TEXTS, vocabulary_size=40)
    tokenizer = train_tokenizer(TEXTS, vocabulary_size=40, whole_alphabet=True)
    letters = {letter for text in TEXTS for letter in text.lower() if letter != " "}
    assert tokenizer.vocabulary_size > len(letters)
    same = train_tokenizer(TEXTS, vocabulary_size=500, whole_alphabet=True)
    assert same.to_json() == train_tokenizer(TEXTS, vocabulary_size=500).to_json()


def test_missing_rjieba_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "rjieba", None)
    with pytest.raises(InputError, match=r"pip install kerasbert\[zh\]"):
        train_tokenizer(TEXTS, "jieba")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"no json", b"\xff\xfe", b'{"model": {}}', b"null"]
)
def test_broken_files(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"tokenizer\.json: "):
        Tokenizer.load(path)
    with pytest.raises(InputError, match="cannot be read"):
        Tokenizer.load(tmp_path / "none.json")


def test_foreign_file_without_special_tokens():
    foreign = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "[UNK]": 1}, "[UNK]"))
    with pytest.raises(InputError, match=r"lacks \[PAD\], \[CLS\], \[SEP\], \[MASK\]"):
        Tokenizer(foreign.to_str())
    with pytest.raises(InputError, match="unknown segmenter"):
        Tokenizer(TRAINED["jieba"].to_json(), "other")


def test_foreign_file_that_knows_no_unknown():
    vocabulary = {token: index for index, token in enumerate(SPECIAL_TOKENS)}
    foreign = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, "<unk>"))
    with pytest.raises(InputError, match="cannot encode an unknown word"):
        Tokenizer(foreign.to_str())


def test_foreign_file_keeps_its_ids_and_loses_padding_and_truncation():
    vocabulary = {"the": 0, "[CLS]": 1, "[UNK]": 2, "[MASK]": 3, "[SEP]": 4, "[PAD]": 9}
    foreign = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, "[UNK]"))
    foreign.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    foreign.add_special_tokens(list(SPECIAL_TOKENS))
    foreign.enable_padding(length=8)
    foreign.enable_truncation(2)
    loaded = Tokenizer(foreign.to_str())
    assert (loaded.pad_id, loaded.mask_id, loaded.vocabulary_size) == (9, 3, 10)
    # Split at white space alone, [MASK] is a word of the vocabulary; it must not become the mask.
    assert loaded.encode(["the the the [MASK] x"])[0].tolist() == [0, 0, 0, 2, 2]
    assert json.loads(loaded.to_json())["padding"] is None


def test_lone_surrogates_are_replaced(tokenizer):
    assert len(tokenizer.encode(["the \ud800 cat"])[0]) >= 2


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text(max_size=40), max_size=4))
def test_any_text_encodes(texts):
    for tokenizer in TRAINED.values():
        for text, ids in zip(texts, tokenizer.encode(texts), strict=True):
            assert ids.dtype == np.int32
            assert ids.ndim == 1
            assert not set(ids.tolist()) & {0, 2, 3, 4}
            assert len(ids) == 0 or ids.max() < tokenizer.vocabulary_size
            assert len(tokenizer.tokens(text)) == len(ids)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=4))
@pytest.mark.parametrize("style", STYLES)
def test_any_text_trains_or_is_refused(style, texts):
    try:
        trained = train_tokenizer(texts * 2, style, 400)
    except InputError:
        return
    for ids in trained.encode(texts):
        assert len(ids) == 0 or 0 < ids.min() <= ids.max() < trained.vocabulary_size
