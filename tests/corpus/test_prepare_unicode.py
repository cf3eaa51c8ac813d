"""The tokenizer of a store does what Unicode asks for."""

import unicodedata

import numpy as np
import pytest

from kerasbert.corpus.prepare.cleaning import Cleaning
from kerasbert.corpus.prepare.prepare_store import prepare_store
from kerasbert.corpus.store.token_store import TokenStore
from kerasbert.text.sentences import split_sentences
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.training import train_tokenizer

WIDE = "Ｗａｒｅｎｅｉｎｇａｎｇ ﬁｎｄｅｔ １２ Ｋａｔｚｅｎ． 北京大学ＡＢＣ"


@pytest.mark.parametrize("style", ["word", "char", "jieba", "wordpiece"])
@pytest.mark.parametrize("given", [False, True])
def test_the_tokenizer_of_a_store_does_what_unicode_asks_for(tmp_path, style, given):
    """So that a later command, which knows nothing of the flag, reads the same words."""
    plain = unicodedata.normalize("NFKC", WIDE)
    path = tmp_path / "raw.txt"
    path.write_text(f"{WIDE}\n{plain}\n" * 3, encoding="utf-8")
    tokenizer = train_tokenizer([plain] * 2, style, 400) if given else None
    cleaning = Cleaning(unicode="NFKC")
    options = {"style": style, "vocabulary_size": 400, "cleaning": cleaning}
    prepare_store([path], tmp_path / "store", tokenizer=tokenizer, **options)
    store = TokenStore.open(tmp_path / "store")
    again = Tokenizer.load(tmp_path / "store" / "tokenizer.json", store.tokenizer.segmenter)
    wide, narrow = again.encode([WIDE, plain])
    assert wide.tolist() == narrow.tolist()
    assert not (wide == again.unk_id).any()
    expected = again if tokenizer is None else tokenizer  # the ids are those of the text cleaned
    documents = store.read(0, 2)
    first = np.concatenate([expected.encode([s])[0] for s in split_sentences(plain)])
    assert documents.token_ids.tolist() == [*first.tolist(), *first.tolist()]
    # Words are looked for in that form, too: before the file sees the text.
    assert again.segmenter is None or again.segment(WIDE) == again.segment(plain)
    same = prepare_store([path], tmp_path / "store", tokenizer=tokenizer, **options)
    assert same["documents"] == 6


def test_a_tokenizer_that_has_the_form_is_left_alone():
    trained = train_tokenizer(["a b a b"], "word")
    assert trained.normalizing("NFC") is trained
    wide = trained.normalizing("NFKC")
    assert wide.normalizing("NFKC") is wide and wide.normalizing("NFC") is wide
    assert wide.tokens("Ａ") == ["a"] and trained.tokens("Ａ") == ["[UNK]"]
    assert wide.vocabulary_size == trained.vocabulary_size
