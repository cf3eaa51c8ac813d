"""Remembered chunks: the ids, sentences and hashes are those of the library, text by text."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tokenizers
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import models, normalizers, pre_tokenizers

from kerasbert.corpus.prepare.pieces import LONGEST_RUN
from kerasbert.text.lines import LONGEST_LINE
from kerasbert.text.sentences import split_sentences
from kerasbert.tokenizer import word_cache
from kerasbert.tokenizer.tokenizer import SPECIAL_TOKENS, Tokenizer
from kerasbert.tokenizer.training import train_tokenizer
from kerasbert.tokenizer.word_cache import WordCache, batches, hash_text

TEXTS = [
    "The quick brown fox, e.g. Foo-Bar 3.14, isn't [MASK]ed. It jumps! Over (lazy) dogs?",
    "Ein schöner Übergang: naïve façade, Straße. Σίσυφος ΟΔΟΣ İstanbul",
    "今天好。明天呢？好！ 他说：“好。”然后走了。 日本語 テキスト",
    "foo\u00a0bar.\u00a0Baz e\u0301te\u0301 a\u0300\u0301 \ufb01n ① ｆｕｌｌ",
] * 3
ALPHABET = (
    "aAbfoeß9 .!?,-[]()\"'”。！\n\t\r\x00\x0b\x0c\x1c\x7f\x85\xa0\u0301\u200b\u2028\u3000今好ÉéσΣ"
)
PIECES = ["[MASK]", "[PAD] ", "##o", "fox", "The ", "foo. ", "x" * 101, "。", "fo\u0301o", "\ud800"]


def files() -> dict[str, Tokenizer]:
    """Tokenizers of our own styles, and files that others could bring."""
    made = {
        f"{style} {'lower' if lower else 'cased'}": train_tokenizer(TEXTS, style, 500, lower)
        for style in ("wordpiece", "word", "char")
        for lower in (True, False)
    }
    vocabulary = {
        word: index for index, word in enumerate([*SPECIAL_TOKENS, "foo", "f", "##o", "."])
    }
    for name, normalizer, split in (
        ("bare", None, pre_tokenizers.WhitespaceSplit()),
        ("words", normalizers.NFKC(), pre_tokenizers.Whitespace()),
        ("bert", normalizers.BertNormalizer(strip_accents=True), pre_tokenizers.BertPreTokenizer()),
        ("kept controls", normalizers.Lowercase(), pre_tokenizers.BertPreTokenizer()),
        ("metaspace", None, pre_tokenizers.Metaspace()),
        ("nothing", None, None),
    ):
        tokenizer = tokenizers.Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
        tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
        if normalizer is not None:
            tokenizer.normalizer = normalizer
        if split is not None:
            tokenizer.pre_tokenizer = split
        made[name] = Tokenizer(tokenizer.to_str())
    return made


TOKENIZERS = files()
NOT_LOCAL = {"metaspace", "nothing"}


def check(cache: WordCache, texts: list[str], corpus_format: str = "lines") -> None:
    """Compare with the library, a document at a time."""
    encoded = cache.encode(texts, corpus_format)
    whole = [text.encode("utf-8", "replace").decode() for text in texts]  # no lone surrogates
    sentences = [
        split_sentences(text) if corpus_format == "lines" else text.split("\n") for text in whole
    ]
    assert encoded.hashes.tolist() == [hash_text(document) for document in sentences]
    if not cache.local:  # a word's ids may depend on what stands before it
        if corpus_format == "sentences":
            whole = [text.replace("\n", " ") for text in whole]
        check_whole(cache, whole, sentences, encoded)
        return
    expected = [
        [ids for ids in cache.tokenizer.encode(document) if len(ids)] for document in sentences
    ]
    lengths = [len(ids) for document in expected for ids in document]
    assert encoded.document_lengths.tolist() == [len(document) for document in expected]
    assert encoded.sentence_lengths.tolist() == lengths
    flat = [int(index) for document in expected for ids in document for index in ids]
    assert encoded.token_ids.tolist() == flat


def check_whole(cache: WordCache, whole: list[str], sentences: list[list[str]], encoded) -> None:
    """Compare with what the stages that follow make of a text."""
    expected = [
        ids if document else ids[:0]  # white space is no sentence
        for ids, document in zip(cache.tokenizer.encode(whole), sentences, strict=True)
    ]
    assert encoded.token_ids.tolist() == np.concatenate(expected or [[]]).tolist()
    owners = np.repeat(np.arange(len(whole)), encoded.document_lengths)
    found = np.bincount(owners, encoded.sentence_lengths, len(whole))
    assert found.tolist() == [len(ids) for ids in expected]
    assert (encoded.document_lengths <= [len(document) for document in sentences]).all()
    assert (encoded.sentence_lengths > 0).all()


def test_by_hand():
    cache = WordCache(TOKENIZERS["bare"])
    encoded = cache.encode(["foo. foo .", "", " \t", "[MASK] foof"])
    # "foo." is one word here, f ##o ##o and no "##.", so [UNK]; the text [MASK] is no mask.
    assert encoded.token_ids.tolist() == [1, 5, 8, 1, 1]
    assert encoded.sentence_lengths.tolist() == [1, 2, 2]
    assert encoded.document_lengths.tolist() == [2, 0, 0, 1]
    assert encoded.token_ids.dtype == np.int32 and encoded.hashes.dtype == np.uint64


def test_which_files_are_local():
    local = {name: WordCache(tokenizer).local for name, tokenizer in TOKENIZERS.items()}
    assert {name for name, is_local in local.items() if not is_local} == NOT_LOCAL


def test_an_added_word_of_a_foreign_file_is_not_local():
    settings_of = json.loads(TOKENIZERS["bert"].to_json())
    library = tokenizers.Tokenizer.from_str(json.dumps(settings_of))
    library.add_tokens(["New York"])
    tokenizer = Tokenizer(library.to_str())
    cache = WordCache(tokenizer)
    assert not cache.local
    check(cache, ["in New York city."])


@pytest.mark.parametrize("name", TOKENIZERS)
def test_texts_of_many_kinds(name):
    cache = WordCache(TOKENIZERS[name])
    texts = [*TEXTS, "", " ", "\x0b", "\u3000", "a\x0cb", "foo.\x0cfoo", "a\x1cb", "x" * 5000,
             "y" * 100 + " " + "y" * 101, "今" * 400, "[CLS] [SEP][MASK] [UNK]", "." * 300,
             "a lone \ud800 surrogate", "\x00\x00 \x7f foo"]  # fmt: skip
    for _ in range(2):  # the second time from memory
        check(cache, texts)
        check(cache, [text.replace(". ", ".\n") for text in texts], "sentences")


@pytest.mark.parametrize("name", TOKENIZERS)
@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.lists(st.text(ALPHABET, max_size=8) | st.sampled_from(PIECES), max_size=8).map("".join),
        max_size=5,
    ),
    st.sampled_from(["lines", "sentences"]),
)
@example(["a", "今天好。b", "foo. foo", "\x0bfoo", "foo\u00a0。"], "lines")
def test_any_text(name, texts, corpus_format):
    check(WordCache(TOKENIZERS[name]), texts, corpus_format)


def test_real_text():
    """The standard library's own sources: 20,000 lines with all that programs hold."""
    folder = Path(os.__file__).parent
    lines = [
        line
        for path in sorted(folder.glob("*.py"))[:60]
        for line in path.read_text(encoding="utf-8").split("\n")
    ][:20_000]
    tokenizer = train_tokenizer(lines, "wordpiece", 2000)
    cache = WordCache(tokenizer)
    for batch in batches(lines):
        check(cache, batch)


@pytest.mark.parametrize("name", sorted(set(TOKENIZERS) - NOT_LOCAL))
def test_long_documents_are_encoded_in_parts(name, monkeypatch):
    monkeypatch.setattr(word_cache, "_LONGEST_DOCUMENT", 200)
    monkeypatch.setattr(word_cache, "_LIBRARY_CHARACTERS", 50)
    long = " ".join(TEXTS)
    texts = ["foo. bar", long, "", long.replace(" ", "\u2003"), long.replace(".", ""), "x" * 300]
    texts += ["foo\x0bbar\x1cfo\u0301o " * 20, "foo bar."]
    check(WordCache(TOKENIZERS[name]), texts)
    check(WordCache(TOKENIZERS[name]), texts, "sentences")


@pytest.mark.parametrize("text", [f"'.' * {LONGEST_RUN}", f"'ab。' * {LONGEST_LINE // 40}"])
def test_memory_of_a_document_is_bounded(text):
    """The longest run of characters that readers let pass, and a book in one line."""
    program = (
        "import resource, sys\n"
        "from tests.tokenizer.test_word_cache import TOKENIZERS, WordCache\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"WordCache(TOKENIZERS['wordpiece lower']).encode([{text}])\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(after - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert int(done.stdout) < 300 << 10, done.stderr


def test_memory_is_bounded_and_forgetting_changes_nothing():
    """Each text brings 1000 new words of 200 bytes and more, 10 KB hold less than one text's."""
    cache = WordCache(TOKENIZERS["wordpiece lower"], most_bytes=10_000)
    unbounded = WordCache(TOKENIZERS["wordpiece lower"])
    for start in range(0, 10_000, 1000):
        text = " ".join(f"fox{number}" for number in range(start, start + 1000))
        check(cache, [text])
        unbounded.encode([text])
        assert len(cache._chunks.numbers) <= 1010
    assert len(unbounded._chunks.numbers) > 10_000


def test_batches_are_bounded_and_lose_nothing():
    documents = ["a" * size for size in (3, 0, 5, 50, 1, 1)]
    grouped = list(batches(documents, characters=10))
    assert [document for batch in grouped for document in batch] == documents
    assert all(len(batch) == 1 or sum(map(len, batch)) <= 10 for batch in grouped)
    assert list(batches([])) == []
    assert len(list(batches([""] * 100, characters=10))) > 5


def test_hash_text_by_hand():
    assert hash_text(["a  b", "c"]) == hash_text(["a b c"]) == hash_text([" a", "b c "])
    assert hash_text(["a b c"]) != hash_text(["a b d"])
    assert 0 <= hash_text([""]) < 2**64
    assert hash_text(["\ud800"]) >= 0
