"""The five special tokens are found by their names, wherever and however they stand."""

import numpy as np
import pytest
import tokenizers
from made_tokenizers import BERT, LAYOUTS, PUBLIC, word_level

from kerasbert import Tokenizer
from kerasbert.errors import InputError
from kerasbert.tokenizer import word_cache
from kerasbert.tokenizer.special_ids import SpecialIds, find_special
from kerasbert.tokenizer.word_cache import WordCache

SENTENCES = ["the old cat saw one small horse.", "we found it under the green bird, near a fish."]
TEXTS = [f"{first} {second}" for first in SENTENCES for second in SENTENCES] * 10
IDS = {
    "bert": (0, 100, 101, 102, 103),
    "roberta": (1, 3, 0, 2, 310),
    "quick-tour": (3, 0, 1, 2, 4),
    "end-of-word": (4, 1, 2, 0, 3),
}


@pytest.mark.parametrize("name", IDS)
def test_the_ids_are_those_of_the_file(name):
    tokenizer = Tokenizer(PUBLIC[name](TEXTS).to_str())
    assert tokenizer.special == SpecialIds(*IDS[name])
    assert (tokenizer.pad_id, tokenizer.mask_id) == (IDS[name][0], IDS[name][4])


@pytest.mark.parametrize("name", PUBLIC)
def test_what_a_file_adds_by_itself_is_not_added_and_special_names_in_a_text_are_text(name):
    library = PUBLIC[name](TEXTS)
    tokenizer = Tokenizer(library.to_str())
    special = set(tokenizer.special.ids) - {tokenizer.special.unk}
    for ids in tokenizer.encode([*TEXTS, "<s> a </s> [CLS] b[SEP] <mask>[MASK] <pad> [PAD]"]):
        assert len(ids) and not special & set(ids.tolist())
    expected = library.encode(TEXTS[0], add_special_tokens=False).ids
    np.testing.assert_array_equal(tokenizer.encode(TEXTS[:1])[0], expected)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_words_are_what_is_not_special(layout):
    tokenizer = Tokenizer(word_level(TEXTS, layout).to_str())
    words = tokenizer.special.words(tokenizer.vocabulary_size)
    assert sorted([*words, *tokenizer.special.ids]) == list(range(tokenizer.vocabulary_size))


def test_of_two_names_the_one_that_the_file_calls_special():
    vocabulary = {name: i for i, name in enumerate([*BERT, "<s>", "</s>"])}
    assert find_special(vocabulary)["cls"] == "[CLS]"  # <s> is a word of HTML here
    assert find_special(vocabulary, {"<s>", "</s>"})["cls"] == "<s>"
    albert = {"<pad>": 0, "<unk>": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4}
    assert list(find_special(albert).values()) == list(albert)


def test_the_unknown_is_what_the_model_makes_of_it():
    vocabulary = {name: i for i, name in enumerate([*BERT, "OOV", "a"])}
    library = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, "OOV"))
    library.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer = Tokenizer(library.to_str())
    assert tokenizer.special.unk == 5
    assert tokenizer.encode(["a b [PAD]"])[0].tolist() == [6, 5, 5]


def without(name: str) -> tokenizers.Tokenizer:
    vocabulary = {token: i for i, token in enumerate(t for t in [*BERT, "a"] if t != name)}
    return tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, "[UNK]"))


@pytest.mark.parametrize("name", ["[PAD]", "[CLS]", "[SEP]"])
def test_what_rows_cannot_be_made_without_is_named_with_the_remedy(name):
    library = without(name)
    with pytest.raises(InputError, match=f"lacks \\{name[:-1]}.*add_special_tokens") as caught:
        Tokenizer(library.to_str())
    assert "[MASK]:" not in str(caught.value)
    library.add_special_tokens([name])  # as the message says
    assert Tokenizer(library.to_str()).vocabulary_size == 6


def test_without_a_mask_there_is_no_masked_lm_and_all_else():
    tokenizer = Tokenizer(without("[MASK]").to_str())
    assert tokenizer.special.mask is None and tokenizer.encode(["a"])[0].tolist() == [4]
    with pytest.raises(InputError, match=r"--masked-lm: the tokenizer has no \[MASK\]"):
        tokenizer.check_mask("--masked-lm")


def test_bytes_need_nothing_for_the_unknown_and_letters_do():
    library = PUBLIC["roberta"](TEXTS)
    content = library.to_str().replace('"<unk>"', '"<none>"')
    tokenizer = Tokenizer(content)
    assert tokenizer.special.unk is None and len(tokenizer.encode(["日本"])[0]) == 6
    letters = tokenizers.models.BPE({"<pad>": 0, "<s>": 1, "</s>": 2, "a": 3}, [])
    with pytest.raises(InputError, match=r"lacks \[UNK\].*would drop"):
        Tokenizer(tokenizers.Tokenizer(letters).to_str())


@pytest.mark.parametrize("name", PUBLIC)
def test_words_of_a_text_come_without_the_space_before_them(name):
    tokenizer = Tokenizer(PUBLIC[name](TEXTS).to_str())
    text = "near the old green fish"
    words = [text[start:end] for start, end in tokenizer.word_spans(text)]
    assert words == text.split()
    ((ids, starts, ends),) = tokenizer.encode_words([text])
    np.testing.assert_array_equal(ids, tokenizer.encode([text])[0])
    assert starts.sum() == 5 and starts[0]
    assert ends[-1] == len(text) and (np.diff(ends) >= 0).all()


@pytest.mark.parametrize("name, mark", [("roberta", "Ġ"), ("xlm-roberta", "▁")])
def test_whole_words_are_those_behind_a_space(name, mark):
    tokenizer = Tokenizer(PUBLIC[name](TEXTS).to_str())
    marked = {token: i for token, i in tokenizer.vocabulary.items() if token.startswith(mark)}
    assert tokenizer.whole_words() == {token[1:]: index for token, index in marked.items()}
    assert len(marked) > 3


def test_a_vocabulary_with_such_letters_and_no_such_spaces():
    """Ġ is a letter of Maltese, and ▁ stands in charts."""
    vocabulary = {token: i for i, token in enumerate([*BERT, "Ġorġ", "▁", "schön"])}
    library = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, "[UNK]"))
    library.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer = Tokenizer(library.to_str())
    assert tokenizer.whole_words() == {"Ġorġ": 5, "▁": 6, "schön": 7}
    assert not tokenizer.continues.any()


@pytest.mark.parametrize("name", ["roberta", "xlm-roberta"])
@pytest.mark.parametrize("corpus_format", ["lines", "sentences"])
def test_the_space_before_a_sentence_is_part_of_its_first_token(name, corpus_format, monkeypatch):
    """As in fine-tuning, which encodes the whole text; a long text is cut where spaces are."""
    sentences = ["the old fish.", "green birds sat!", "日本。", "the tree."]
    texts = [" ".join(sentences), "the tree sat", "fish"]
    tokenizer = Tokenizer(PUBLIC[name]([*texts, "\n"] * 5).to_str())
    if corpus_format == "sentences":
        texts[0] = "\n".join(sentences)
    for characters in (1 << 18, 16):
        monkeypatch.setattr(word_cache, "_LIBRARY_CHARACTERS", characters)
        encoded = WordCache(tokenizer).encode(texts, corpus_format)
        assert encoded.document_lengths.tolist() == [4, 1, 1]
        expected = tokenizer.encode([" ".join(sentences), *texts[1:]])
        assert encoded.token_ids.tolist() == np.concatenate(expected).tolist()
        ends = np.cumsum(encoded.sentence_lengths)
        parts = [
            tokenizer._tokenizer.decode(part) for part in np.split(encoded.token_ids, ends[:-1])
        ]
        if name == "roberta":
            assert parts == [sentences[0], *(f" {text}" for text in sentences[1:]), *texts[1:]]
        assert encoded.word_starts is not None and encoded.word_starts[[0, *ends[:-1]]].all()
