"""From files to a store: the same bytes however it is made, and every count."""

import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import unicodedata

import numpy as np
import pytest

from kerasbert.corpus.prepare import prepare_store as prepare
from kerasbert.corpus.prepare.cleaning import Cleaning
from kerasbert.corpus.prepare.cutting import Piece
from kerasbert.corpus.prepare.engines import Engine
from kerasbert.corpus.prepare.prepare_store import prepare_store
from kerasbert.corpus.prepare.sources import Source
from kerasbert.corpus.prepare.workspace import Workspace
from kerasbert.corpus.store.token_store import TokenStore, verify
from kerasbert.errors import InputError, Unfinished
from kerasbert.text.sentences import split_sentences
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.training import train_tokenizer
from kerasbert.tokenizer.word_cache import hash_text

LINES = [
    "The cat sat on the mat. The dog sat on the log.",
    "Cats and dogs sat. __label__animal",
    "",
    "我来到北京清华大学。北京大学在北京。",
    "The cat sat on the mat.  The dog sat on the log.",
]
TEXT = "\n".join(LINES * 2)


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "raw.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def contents(store):
    return {path.name: path.read_bytes() for path in store.iterdir()}


@pytest.fixture
def small_pieces(monkeypatch):
    """Pieces of a few documents, and shards of few tokens."""
    monkeypatch.setattr(prepare, "PIECE_BYTES", 150)


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


def test_a_long_piece_is_cut_into_chunks(corpus, tmp_path, monkeypatch):
    prepare_store([corpus], tmp_path / "one", vocabulary_size=200)
    packed = tmp_path / "raw.txt.gz"
    packed.write_bytes(gzip.compress(TEXT.encode()))
    monkeypatch.setattr("kerasbert.corpus.prepare.jobs.CHUNK_CHARACTERS", 60)
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


def stopped_after(pieces, corpus, out, **arguments):
    """Interrupt the work when so many pieces are done."""
    calls = []

    def interrupt(done, total):
        calls.append(done)
        if len(calls) > pieces:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_store(corpus, out, vocabulary_size=200, progress=interrupt, **arguments)


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupted_work_goes_on(corpus, tmp_path, workers, small_pieces):
    prepare_store([corpus], tmp_path / "whole", vocabulary_size=200)
    stopped_after(2, [corpus], tmp_path / "s", engine=Engine(workers=workers))
    pieces = tmp_path / ".s.preparing" / "pieces"
    before = {path.name: path.stat().st_mtime_ns for path in pieces.glob("*.json")}
    assert len(before) >= 2 and not (tmp_path / "s").exists()
    result = tmp_path / ".s.preparing" / "store"  # what a worker that was killed may leave
    result.mkdir()
    (result / ".tokens-00000.123.h5").write_bytes(b"torn")
    done = []
    prepare_store(
        [corpus], tmp_path / "s", vocabulary_size=200, progress=lambda *now: done.append(now[0])
    )
    assert done[0] > 0  # what was done is not done again
    assert contents(tmp_path / "whole") == contents(tmp_path / "s")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw.txt", "s", "whole"]


def test_what_changed_since_is_named(corpus, tmp_path, small_pieces):
    stopped_after(1, [corpus], tmp_path / "s")
    again = {"vocabulary_size": 200}
    with pytest.raises(InputError, match=r"--lowercase changed .it was True, now False.*remove"):
        prepare_store([corpus], tmp_path / "s", lowercase=False, **again)
    other = tmp_path / "other.txt"
    other.write_text("x y")
    with pytest.raises(InputError, match=r"the input other\.txt was added"):
        prepare_store([corpus, other], tmp_path / "s", **again)
    corpus.write_text(TEXT.replace("cat", "cow"), encoding="utf-8")
    with pytest.raises(InputError, match=r"the input raw\.txt changed since"):
        prepare_store([corpus], tmp_path / "s", **again)
    result = prepare_store([corpus], tmp_path / "s", again=True, **again)
    assert result["documents"] == 8


def test_an_input_that_changes_meanwhile_is_refused(corpus, tmp_path, small_pieces):
    def write(done, total):
        corpus.write_text(TEXT + "\nmore", encoding="utf-8")

    with pytest.raises(InputError, match=r"raw\.txt: changed while it was read"):
        prepare_store([corpus], tmp_path / "s", vocabulary_size=200, progress=write)


def test_a_store_that_is_there_is_left_alone(corpus, tmp_path):
    first = prepare_store([corpus], tmp_path / "s", vocabulary_size=200)
    before = contents(tmp_path / "s")
    assert prepare_store([corpus], tmp_path / "s", vocabulary_size=200) == first
    with pytest.raises(InputError, match="holds no store of these inputs and settings"):
        prepare_store([corpus], tmp_path / "s", vocabulary_size=100)
    assert contents(tmp_path / "s") == before
    prepare_store([corpus], tmp_path / "s", vocabulary_size=100, again=True)
    assert contents(tmp_path / "s") != before


def test_two_commands_do_not_prepare_one_store(corpus, tmp_path):
    with (
        Workspace(tmp_path / "s").hold(),
        pytest.raises(InputError, match="another command is preparing it"),
    ):
        prepare_store([corpus], tmp_path / "s", vocabulary_size=200)


def test_full_disk_is_one_clear_message_and_what_is_done_is_kept(
    corpus, tmp_path, monkeypatch, small_pieces
):
    written = []

    def no_room(*arguments, **others):
        written.append(1)
        if len(written) > 2:
            raise OSError(28, "No space left on device")
        return savez(*arguments, **others)

    savez = np.savez
    with monkeypatch.context() as patched:
        patched.setattr(np, "savez", no_room)
        with pytest.raises(InputError, match=r"No space left on device.*same command again"):
            prepare_store([corpus], tmp_path / "s", vocabulary_size=200)
    assert len(list((tmp_path / ".s.preparing" / "pieces").glob("*.json"))) == 2
    assert prepare_store([corpus], tmp_path / "s", vocabulary_size=200)["documents"] == 8


def test_a_real_disk_that_is_full_when_the_shards_are_written(small_disk, monkeypatch):
    monkeypatch.setattr(prepare, "estimate", lambda *arguments: "")
    disk = small_disk("140k")
    text = small_disk("1m") / "raw.txt"
    text.write_text("the cat sat on the mat\n" * 2000)
    tokenizer = train_tokenizer(["the cat sat on the mat"] * 2, "word")
    with pytest.raises(Unfinished, match=r"No space left on device.*same command again"):
        prepare_store([text], disk / "s", tokenizer=tokenizer, report=lambda said: None)
    done = sorted(path.name for path in (disk / ".s.preparing").rglob("*") if path.is_file())
    assert "000000.json" in done and not [name for name in done if name.endswith(".h5")]
    (disk / ".s.preparing" / "pieces" / "000000.json").unlink()
    with pytest.raises(Unfinished, match="No space left on device"):
        (disk / "rest").write_bytes(bytes(20_000))
        prepare_store([text], disk / "s", tokenizer=tokenizer)
    subprocess.run(["mount", "-o", "remount,size=1m", str(disk)], check=True)
    assert prepare_store([text], disk / "s", tokenizer=tokenizer)["documents"] == 2000


def test_no_room_is_said_before_it_starts(corpus, tmp_path, monkeypatch):
    said = []
    prepare_store([corpus], tmp_path / "s", vocabulary_size=200, report=said.append)
    assert "first a tokenizer is trained" in said[0]
    assert "MB on disk" in said[1] and "of memory for each of 1 worker" in said[1]
    full = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    with pytest.raises(InputError, match=r"are free\. Make room"):
        prepare_store([corpus], tmp_path / "t", vocabulary_size=200, report=said.append)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_refusal_leaves_nothing_and_the_corrected_call_works(workers, tmp_path, small_pieces):
    """Also where the first pieces are done when the last one is refused."""
    path, out = tmp_path / "raw.txt", tmp_path / "new" / "s"
    tokenizer = train_tokenizer(["the cat"] * 2, "word")
    options = {"tokenizer": tokenizer, "engine": Engine(workers=workers)}
    path.write_bytes(b"the cat\n" * 100 + b"\xff\n")
    with pytest.raises(InputError, match=r"raw\.txt:101: "):
        prepare_store([path], out, **options)
    assert [entry.name for entry in tmp_path.iterdir()] == ["raw.txt"]
    path.write_bytes(b"the cat\n" * 100)
    assert prepare_store([path], out, **options)["documents"] == 100


def test_what_a_killed_command_left_outlives_a_mistake(corpus, tmp_path, small_pieces):
    """It is the same command's to go on with; refused, it has nothing to go on with."""
    stopped_after(2, [corpus], tmp_path / "s")
    left = sorted((tmp_path / ".s.preparing" / "pieces").iterdir())
    for mistake in ({"corpus": [tmp_path / "none.txt"]}, {"lowercase": False}, {"style": "chars"}):
        arguments = {"corpus": [corpus], "vocabulary_size": 200} | mistake
        with pytest.raises(InputError):
            prepare_store(arguments.pop("corpus"), tmp_path / "s", **arguments)
        assert sorted((tmp_path / ".s.preparing" / "pieces").iterdir()) == left
    with pytest.raises(InputError, match="was killed"), Workspace(tmp_path / "s").hold():
        raise Unfinished("was killed")
    assert sorted((tmp_path / ".s.preparing" / "pieces").iterdir()) == left
    assert prepare_store([corpus], tmp_path / "s", vocabulary_size=200)["documents"] == 8


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
