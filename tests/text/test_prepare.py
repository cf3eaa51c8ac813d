"""From files to a store: the same bytes however it is made, and every count."""

import json
import subprocess
import sys

import numpy as np
import pytest

from kerasbert.errors import InputError
from kerasbert.text import prepare
from kerasbert.text.prepare import hash_text, prepare_store
from kerasbert.text.store import TokenStore, verify
from kerasbert.text.tokenizer import Tokenizer, train_tokenizer

LINES = [
    "The cat sat on the mat. The dog sat on the log.",
    "Cats and dogs sat. __label__animal",
    "",
    "我来到北京清华大学。北京大学在北京。",
    "The cat sat on the mat.  The dog sat on the log.",
]
TEXT = "\n".join(LINES * 2)
FILES = ("manifest.json", "tokenizer.json", "tokens.h5")


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "raw.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def contents(store):
    return [(store / name).read_bytes() for name in FILES]


@pytest.mark.parametrize("style", ["word", "char", "jieba", "wordpiece"])
def test_store_holds_the_encoded_sentences(corpus, tmp_path, style):
    steps = []
    result = prepare_store(
        [corpus], tmp_path / "store", style=style, vocabulary_size=200, progress=steps.append
    )
    store = TokenStore.open(tmp_path / "store", verify=True)
    assert sum(steps) == result["documents"] == store.documents == 8
    assert result["sentences"] == store.sentences == 14
    assert result["tokens"] == store.tokens
    assert result["stripped_labels"] == 2
    assert result["skipped_lines"] == result["dropped"] == 0
    assert result["vocabulary_size"] == store.tokenizer.vocabulary_size
    assert store.tokenizer.style == style
    sentence = store.tokenizer.encode(["The cat sat on the mat."])[0]
    assert store.token_ids[: len(sentence)].tolist() == sentence.tolist()
    unknown = np.count_nonzero(store.token_ids == store.tokenizer.unk_id)
    assert result["unknown_share"] == unknown / store.tokens
    hashes = store.document_hashes.tolist()
    assert hashes[0] == hashes[3] == hashes[4]  # duplicates, but for white space
    assert len(set(hashes)) == 3


def test_same_bytes_for_any_number_of_workers(corpus, tmp_path, monkeypatch):
    prepare_store([corpus], tmp_path / "one", style="jieba")
    prepare_store([corpus], tmp_path / "again", style="jieba")
    monkeypatch.setattr(prepare, "_PIECE_DOCUMENTS", 1)  # eight pieces for two workers
    prepare_store([corpus], tmp_path / "two", style="jieba", workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "again") == contents(tmp_path / "two")


def test_gzip_and_windows_text_give_the_same_tokens(corpus, tmp_path):
    other = tmp_path / "windows.txt"
    other.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    prepare_store([corpus], tmp_path / "a", vocabulary_size=200)
    prepare_store([other], tmp_path / "b", vocabulary_size=200)
    assert contents(tmp_path / "a")[1:] == contents(tmp_path / "b")[1:]


def test_given_tokenizer_is_kept(corpus, tmp_path):
    tokenizer = train_tokenizer(["the cat"] * 2, "word", lowercase=False)
    result = prepare_store([corpus], tmp_path / "store", tokenizer=tokenizer, style="char")
    store = TokenStore.open(tmp_path / "store")
    assert store.tokenizer.fingerprint() == tokenizer.fingerprint()
    assert store.manifest["settings"]["tokenizer"] == "word"
    assert not store.manifest["settings"]["lowercase"]
    assert 0 < result["unknown_share"] < 1


def test_sentences_format_and_limit(tmp_path):
    path = tmp_path / "raw.txt"
    path.write_text("a b\nc d\n\na b c d\n\na\n")
    result = prepare_store(
        [path, path], tmp_path / "store", style="word", corpus_format="sentences", limit=2
    )
    assert (result["documents"], result["sentences"], result["tokens"]) == (2, 3, 8)


def test_documents_of_control_characters_are_dropped(tmp_path):
    path = tmp_path / "raw.txt"
    path.write_text("a b a b\n\u200b\na\n", encoding="utf-8")
    result = prepare_store([path], tmp_path / "store", style="word")
    assert (result["documents"], result["dropped"]) == (2, 1)


def test_manifest_names_inputs_without_their_place(corpus, tmp_path):
    prepare_store([corpus], tmp_path / "store", vocabulary_size=200)
    text = (tmp_path / "store" / "manifest.json").read_text()
    assert str(tmp_path) not in text
    assert json.loads(text)["inputs"] == [{"name": "raw.txt", "bytes": len(TEXT.encode())}]
    assert verify(tmp_path / "store")["documents"] == 8


def test_bad_lines(tmp_path):
    path = tmp_path / "raw.txt"
    path.write_bytes(b"a b a\n\xff\nb a b\n")
    with pytest.raises(InputError, match=r"raw\.txt:2: .*UTF-8"):
        prepare_store([path], tmp_path / "store", style="word")
    assert [entry.name for entry in tmp_path.iterdir()] == ["raw.txt"]
    result = prepare_store([path], tmp_path / "store", style="word", skip_bad_lines=True)
    assert (result["documents"], result["skipped_lines"]) == (2, 1)
    assert "raw.txt:2" in result["skipped_examples"][0]


def test_inputs_are_checked_before_any_work(corpus, tmp_path):
    calls = []
    with pytest.raises(InputError, match=r"none\.txt: no such file"):
        prepare_store([corpus, tmp_path / "none.txt"], tmp_path / "s", progress=calls.append)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(InputError, match="not empty"):
        prepare_store([corpus], tmp_path / "full", progress=calls.append)
    with pytest.raises(InputError, match="no corpus file"):
        prepare_store([], tmp_path / "s")
    with pytest.raises(InputError, match="--workers"):
        prepare_store([corpus], tmp_path / "s", workers=0)
    with pytest.raises(InputError, match="corpus format"):
        prepare_store([corpus], tmp_path / "s", corpus_format="words")
    assert not calls
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupted_work_leaves_nothing(corpus, tmp_path, workers):
    def interrupt(documents):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_store(
            [corpus], tmp_path / "s", vocabulary_size=200, workers=workers, progress=interrupt
        )
    assert [entry.name for entry in tmp_path.iterdir()] == ["raw.txt"]


def test_full_disk_is_one_clear_message(corpus, tmp_path, monkeypatch):
    def no_room(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(prepare, "_write", no_room)
    with pytest.raises(InputError, match="No space left on device"):
        prepare_store([corpus], tmp_path / "s", vocabulary_size=200)
    assert [entry.name for entry in tmp_path.iterdir()] == ["raw.txt"]


def test_hash_text_by_hand():
    assert hash_text(["a  b", "c"]) == hash_text(["a b c"]) == hash_text([" a", "b c "])
    assert hash_text(["a b c"]) != hash_text(["a b d"])
    assert 0 <= hash_text([""]) < 2**64
    assert hash_text(["\ud800"]) >= 0


def test_no_keras_is_imported():
    program = (
        "import sys, kerasbert.text.prepare, kerasbert.text.labels\n"
        "print([m for m in ('keras', 'jax', 'torch', 'tensorflow') if m in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert output.stdout.strip() == "[]"


def test_tokenizer_travels_to_workers_whole():
    tokenizer = train_tokenizer(["北京大学 在 北京"] * 2, "jieba")
    copy = Tokenizer.from_json(tokenizer.to_json(), tokenizer.segmenter)
    assert copy.fingerprint() == tokenizer.fingerprint()
