"""From files to a store: the same bytes however it is made, and every count."""

import gzip
import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from made_corpus import TEXT, contents

from kerasbert.corpus.prepare import prepare_store as prepare
from kerasbert.corpus.prepare.cleaning import Cleaning
from kerasbert.corpus.prepare.cutting import Piece
from kerasbert.corpus.prepare.engines import Engine
from kerasbert.corpus.prepare.prepare_store import prepare_store
from kerasbert.corpus.prepare.sources import Source
from kerasbert.corpus.store.token_store import TokenStore, verify
from kerasbert.errors import InputError
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.training import train_tokenizer
from kerasbert.tokenizer.word_cache import hash_text


@pytest.mark.parametrize("style", ["word", "char", "jieba", "wordpiece"])
def test_store_holds_the_encoded_sentences(corpus, tmp_path, style):
    steps = []
    result = prepare_store(
        [corpus],
        tmp_path / "store",
        style=style,
        vocabulary_size=200,
        progress=lambda done, total: steps.append((done, total)),
    )
    store = TokenStore.open(tmp_path / "store")
    size = len(TEXT.encode())
    assert steps == [(0, size), (size, size)]
    assert result["documents"] == store.documents == 8
    assert result["sentences"] == store.sentences == 14
    assert result["tokens"] == store.tokens
    assert result["stripped_labels"] == 2
    assert result["skipped_lines"] == result["dropped"] == 0
    assert result["vocabulary_size"] == store.tokenizer.vocabulary_size
    assert store.tokenizer.style == style
    text = store.read(0, 8)
    sentence = store.tokenizer.encode(["The cat sat on the mat."])[0]
    assert text.token_ids[: len(sentence)].tolist() == sentence.tolist()
    unknown = np.count_nonzero(text.token_ids == store.tokenizer.unk_id)
    assert result["unknown_share"] == unknown / store.tokens
    hashes = text.document_hashes.tolist()
    assert hashes[0] == hashes[3] == hashes[4]  # duplicates, but for white space
    assert len(set(hashes)) == 3
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["raw.txt", "store"]


def test_same_bytes_for_any_number_of_workers(corpus, tmp_path, monkeypatch):
    prepare_store([corpus], tmp_path / "one", style="jieba", shard_size=30)
    monkeypatch.setattr(prepare, "PIECE_BYTES", 150)
    prepare_store([corpus], tmp_path / "again", style="jieba", shard_size=30)
    two = Engine(workers=2)
    prepare_store([corpus], tmp_path / "two", style="jieba", shard_size=30, engine=two)
    assert contents(tmp_path / "one") == contents(tmp_path / "again") == contents(tmp_path / "two")
    shards = TokenStore.open(tmp_path / "one").shards
    assert len(shards) > 2 and all(shard.counts.tokens <= 30 for shard in shards)


def test_a_long_piece_is_cut_into_spills(corpus, tmp_path, monkeypatch):
    prepare_store([corpus], tmp_path / "one", vocabulary_size=200)
    packed = tmp_path / "raw.txt.gz"
    packed.write_bytes(gzip.compress(TEXT.encode()))
    monkeypatch.setattr("kerasbert.corpus.prepare.jobs.SPILL_CHARACTERS", 60)
    prepare_store([packed], tmp_path / "two", vocabulary_size=200)
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert one.pop("manifest.json") != two.pop("manifest.json")  # another input
    assert one == two


def test_windows_text_gives_the_same_tokens(corpus, tmp_path):
    other = tmp_path / "windows.txt"
    other.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    prepare_store([corpus], tmp_path / "a", vocabulary_size=200)
    prepare_store([other], tmp_path / "b", vocabulary_size=200)
    a, b = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert a.pop("manifest.json") != b.pop("manifest.json")
    assert a == b


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
    size, sha256 = len(TEXT.encode()), hashlib.sha256(TEXT.encode()).hexdigest()
    expected = [{"name": "raw.txt", "bytes": size, "sha256": sha256}]
    assert json.loads(text)["inputs"] == expected
    assert verify(tmp_path / "store")["documents"] == 8


def test_cleaning_is_counted_by_reason(corpus, tmp_path, small_pieces):
    cleaning = Cleaning(min_characters=20, duplicates="exact")
    result = prepare_store([corpus], tmp_path / "s", vocabulary_size=200, cleaning=cleaning)
    # Four times the cat (white space does not count), twice two lines of 18 characters.
    assert (result["documents"], result["dropped"]) == (1, 7)
    assert (result["dropped, too short"], result["dropped, duplicate"]) == (4, 3)
    manifest = json.loads((tmp_path / "s" / "manifest.json").read_text())
    assert manifest["settings"]["cleaning"]["duplicates"] == "exact"


@pytest.mark.parametrize("workers", [1, 2])
def test_limit_is_the_first_documents_for_any_cut(corpus, tmp_path, workers, monkeypatch):
    prepare_store([corpus], tmp_path / "one", vocabulary_size=200, limit=5)
    monkeypatch.setattr(prepare, "PIECE_BYTES", 60)
    engine = Engine(workers=workers)
    result = prepare_store([corpus], tmp_path / "two", vocabulary_size=200, limit=5, engine=engine)
    assert result["documents"] == 5 and result["stripped_labels"] == 1
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


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
    with pytest.raises(InputError, match=r"none\.txt: no such file"):
        prepare_store([corpus, tmp_path / "none.txt"], tmp_path / "s")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(InputError, match="not empty"):
        prepare_store([corpus], tmp_path / "full")
    with pytest.raises(InputError, match="this is a file"):
        prepare_store([corpus], corpus)
    with pytest.raises(InputError, match="cannot be made"):
        prepare_store([corpus], corpus / "below")
    with pytest.raises(InputError, match="no corpus file"):
        prepare_store([], tmp_path / "s")
    with pytest.raises(InputError, match="corpus format"):
        prepare_store([corpus], tmp_path / "s", corpus_format="words")
    with pytest.raises(InputError, match="--shard-size"):
        prepare_store([corpus], tmp_path / "s", shard_size=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "raw.txt"]


def test_a_store_is_made_where_a_link_leads(corpus, tmp_path):
    (tmp_path / "disk" / "empty").mkdir(parents=True)
    for name in ("empty", "absent"):
        (tmp_path / name).symlink_to(tmp_path / "disk" / name)
        prepare_store([corpus], tmp_path / name, vocabulary_size=200)
        assert (tmp_path / name).is_symlink()
        assert TokenStore.open(tmp_path / "disk" / name).documents == 8
    assert sorted(path.name for path in (tmp_path / "disk").iterdir()) == ["absent", "empty"]


def test_progress_costs_the_same_for_every_piece(tmp_path):
    """A running total: a sum over all pieces after each of them is quadratic."""

    class Counted(dict):
        looked_at = 0

        @property
        def piece(self):
            Counted.looked_at += 1
            return self["piece"]

        number = property(lambda self: self["number"])
        record = property(lambda self: tmp_path / "none")

    class InTurn:
        def run(self, function, jobs):
            for job in jobs:
                done = {"read": 1, "limit": None, "skipped_lines": 0, "skipped_examples": []}
                yield job, done

    source = Source("a", "a", 600)
    jobs = [Counted(number=n, piece=Piece(source, n, n + 1, n)) for n in range(600)]
    told = []
    for limit in (None, 601):
        records = prepare._encode(jobs, InTurn(), limit, lambda *now: told.append(now))
        assert len(records) == 600 and told[-1] == (sum(range(600)),) * 2
    assert Counted.looked_at < 10 * 600


def test_nothing_to_store(tmp_path):
    path = tmp_path / "raw.txt"
    path.write_text("\n\n")
    with pytest.raises(InputError, match="the corpus has no document"):
        prepare_store([path], tmp_path / "s", vocabulary_size=200)
    path.write_text("a b a b\n")
    with pytest.raises(InputError, match="no document is left to store, 1 were left out"):
        tokenizer = train_tokenizer(["a b a b"], "word")
        prepare_store(
            [path], tmp_path / "s", tokenizer=tokenizer, cleaning=Cleaning(min_characters=99)
        )


def test_hash_text_by_hand():
    assert hash_text(["a  b", "c"]) == hash_text(["a b c"]) == hash_text([" a", "b c "])
    assert hash_text(["a b c"]) != hash_text(["a b d"])
    assert 0 <= hash_text([""]) < 2**64
    assert hash_text(["\ud800"]) >= 0


def test_no_keras_is_imported():
    program = (
        "import sys, kerasbert.corpus.prepare.prepare_store, kerasbert.text.labels\n"
        "print([m for m in ('keras', 'jax', 'torch', 'tensorflow') if m in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert output.stdout.strip() == "[]"


def test_tokenizer_travels_to_workers_whole():
    tokenizer = train_tokenizer(["北京大学 在 北京"] * 2, "jieba")
    copy = Tokenizer.from_json(tokenizer.to_json(), tokenizer.segmenter)
    assert copy.fingerprint() == tokenizer.fingerprint()
