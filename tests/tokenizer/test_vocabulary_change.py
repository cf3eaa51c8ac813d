"""Another vocabulary for a tokenizer that exists: which words, and what they are made of."""

import json
from collections import Counter

import pytest
from made_tokenizers import PUBLIC, word_level

from kerasbert.errors import InputError
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.vocabulary_change import (
    VocabularyChange,
    change_vocabulary,
    origins,
    told,
)

LEARNED = ["the cat sat on the mat", "a dog saw abcdefghijklmnopqrstuvwxyz."]
FIELD = [
    "the linux kernel loads modules of the kernel",
    "linux packages: libraries of the kernel and modules",
] * 3
OTHER = ["a cat and a dog sat on the mat.", "unknown things ☃ there"]
GROWING = ["bert", "roberta", "quick-tour", "xlm-roberta"]


def made(name: str) -> Tokenizer:
    return Tokenizer(PUBLIC[name](LEARNED).to_str())


@pytest.mark.parametrize("name", GROWING)
def test_words_that_save_most_become_tokens_behind_all_others(name):
    old = made(name)
    new, found = change_vocabulary(old, FIELD, VocabularyChange(extend=3))
    words = Counter(word for text in FIELD for word in text.replace(":", "").split())
    words = {word: times for word, times in words.items() if word not in old.vocabulary}

    def pieces(tokenizer, word):  # behind a space, as in a text
        return len(tokenizer.encode([f"a {word}"])[0]) - len(tokenizer.encode(["a"])[0])

    saved = {word: times * (pieces(old, word) - 1) for word, times in words.items()}
    best = sorted(saved, key=lambda word: (-saved[word], word))[:3]
    assert [pieces(new, word) for word in best] == [1, 1, 1]
    assert sorted(found["words"]) == sorted(best)
    assert {token: new.vocabulary[token] for token in old.vocabulary} == old.vocabulary
    added = new.vocabulary_size - old.vocabulary_size
    assert found["tokens_added"] == added and (added == 3 or name in ("roberta", "quick-tour"))
    assert new.special == old.special and new.special_tokens == old.special_tokens
    for before, after in zip(old.encode(OTHER), new.encode(OTHER), strict=True):
        assert before.tolist() == after.tolist()
    if name in ("roberta", "xlm-roberta"):  # whose files say how tokens become text again
        assert new.decode(new.encode(FIELD)) == old.decode(old.encode(FIELD))


@pytest.mark.parametrize("name", ["bert", "xlm-roberta"])
def test_what_a_document_takes_is_counted(name):
    old = made(name)
    new, found = change_vocabulary(old, FIELD, VocabularyChange(extend=2))
    for tokenizer, when in ((old, "before"), (new, "after")):
        total = sum(len(ids) for ids in tokenizer.encode(FIELD))
        assert found[f"tokens_per_document_{when}"] == pytest.approx(total / len(FIELD), abs=0.01)
    assert found["documents"] == len(FIELD) and found["from"] == old.fingerprint()
    assert "2 tokens added, a document takes" in told(found)


@pytest.mark.parametrize("name", GROWING)
def test_a_word_comes_from_its_old_pieces_and_an_old_token_from_itself(name):
    old = made(name)
    new, _ = change_vocabulary(old, FIELD, VocabularyChange(extend=3))
    found = origins(old, new)
    assert len(found) == new.vocabulary_size
    for index in old.vocabulary.values():
        assert found[index] == [index]
    (kernel,) = [i for token, i in new.vocabulary.items() if token.strip("Ġ▁") == "kernel"]
    assert found[kernel] == old.encode(["a kernel"])[0][len(old.encode(["a"])[0]) :].tolist()


def test_whole_words_begin_as_the_unknown_that_they_were():
    old = Tokenizer(word_level(LEARNED, "first").to_str())
    new, found = change_vocabulary(old, FIELD, VocabularyChange(extend=2))
    added = set(new.vocabulary) - set(old.vocabulary)
    assert added == {"kernel", "modules"} or len(added) == 2
    for token in added:
        assert origins(old, new)[new.vocabulary[token]] == [old.special.unk]
    assert found["tokens_per_document_before"] == found["tokens_per_document_after"]


def test_a_smaller_vocabulary_has_the_special_tokens_first():
    old = made("bert")
    new, found = change_vocabulary(old, FIELD, VocabularyChange(size=70))
    assert new.vocabulary_size <= 70 < old.vocabulary_size
    assert [new.vocabulary[token] for token in old.special_tokens] == [0, 1, 2, 3, 4]
    processor = json.loads(new.to_json())["post_processor"]
    assert processor["sep"] == ["[SEP]", 3] and processor["cls"] == ["[CLS]", 2]
    assert found["tokens_dropped"] > 0 and "dropped" in told(found)
    comes = origins(old, new)
    inside = {token: index for token, index in new.vocabulary.items() if token.startswith("##")}
    kept = [token for token in inside if token in old.vocabulary]
    assert kept and all(comes[inside[token]] == [old.vocabulary[token]] for token in kept)
    longer = [token for token in inside if token not in old.vocabulary]
    for token in longer:  # each of its characters goes on with the word
        assert comes[inside[token]] == [old.vocabulary[f"##{letter}"] for letter in token[2:]]
    assert longer


@pytest.mark.parametrize(
    "name, change, message",
    [
        ("end-of-word", {"extend": 2}, "--extend-vocabulary: .* marks ends"),
        ("roberta", {"size": 70}, "--vocabulary-from: .* BPE; .*--extend-vocabulary N works"),
        ("xlm-roberta", {"size": 40}, "--vocabulary-from: .* Unigram"),
        ("bert", {"size": 100_000}, "is not less"),
    ],
)
def test_what_cannot_be_is_refused(name, change, message):
    with pytest.raises(InputError, match=message):
        change_vocabulary(made(name), FIELD, VocabularyChange(**change))


def test_nothing_to_add_is_said():
    with pytest.raises(InputError, match="token already"):
        change_vocabulary(made("bert"), ["dog dog sat once"], VocabularyChange(extend=2))
    with pytest.raises(InputError, match="no text"):
        change_vocabulary(made("bert"), [" "], VocabularyChange(extend=2))
