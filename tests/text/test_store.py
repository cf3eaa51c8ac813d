"""The token store: what is written is what is mapped, whole or not at all."""

import json
import shutil
from itertools import pairwise

import h5py
import numpy as np
import pytest

from kerasbert.errors import InputError
from kerasbert.text.held_out import validation_documents
from kerasbert.text.store import TokenStore, verify
from kerasbert.text.store_writer import StoreWriter
from kerasbert.text.tokenizer import SPECIAL_TOKENS, Tokenizer, train_tokenizer

TOKENIZER = train_tokenizer(["a b c d e f g h i j k l m n"], "word", min_frequency=1)
DOCUMENTS = [([[5, 6, 7], [8]], 11), ([[9, 10]], 2**64 - 1), ([[5], [6], [7, 8]], 11)]


def build(path, documents=DOCUMENTS, tokenizer=TOKENIZER, **arguments):
    with StoreWriter(path, tokenizer, **arguments) as writer:
        for sentences, text_hash in documents:
            writer.add([np.array(sentence, np.int32) for sentence in sentences], text_hash)
    return path


@pytest.fixture
def store(tmp_path):
    return build(tmp_path / "store")


def edit_manifest(store, **changes):
    manifest = json.loads((store / "manifest.json").read_text())
    (store / "manifest.json").write_text(json.dumps({**manifest, **changes}))


def replace_dataset(store, name, values, **options):
    with h5py.File(store / "tokens.h5", "a") as file:
        del file[name]
        file.create_dataset(name, data=values, **options)


def test_layout_by_hand(store):
    opened = TokenStore.open(store)
    assert opened.token_ids.tolist() == [5, 6, 7, 8, 9, 10, 5, 6, 7, 8]
    assert opened.sentence_offsets.tolist() == [0, 3, 4, 6, 7, 8, 10]
    assert opened.document_offsets.tolist() == [0, 2, 3, 6]
    assert opened.document_hashes.tolist() == [11, 2**64 - 1, 11]
    assert (opened.documents, opened.sentences, opened.tokens) == (3, 6, 10)
    assert isinstance(opened.token_ids, np.memmap)
    assert opened.token_ids.dtype == np.uint16
    assert opened.sentence_offsets.dtype == opened.document_hashes.dtype == np.uint64
    assert opened.tokenizer.fingerprint() == TOKENIZER.fingerprint()
    assert sorted(path.name for path in store.iterdir()) == [
        "manifest.json",
        "tokenizer.json",
        "tokens.h5",
    ]


def test_h5py_reads_the_same(store):
    opened = TokenStore.open(store)
    with h5py.File(store / "tokens.h5") as file:
        for name in file:
            assert file[name].chunks is None
            assert np.array_equal(file[name][:], getattr(opened, name))


def test_many_documents_equal_a_list(tmp_path):
    """More tokens than one buffer holds."""
    random = np.random.default_rng(0)
    documents = [
        ([random.integers(5, 19, n).tolist() for n in random.integers(1, 90, 6)], i)
        for i in range(600)
    ]
    opened = TokenStore.open(build(tmp_path / "store", documents))
    assert opened.tokens > 1 << 16
    for i in (0, 1, 299, 599):
        first, last = opened.document_offsets[i : i + 2]
        ends = opened.sentence_offsets[int(first) : int(last) + 1].astype(int)
        sentences = [opened.token_ids[a:b].tolist() for a, b in pairwise(ends)]
        assert sentences == documents[i][0]


def test_large_vocabulary_takes_four_bytes(tmp_path):
    words = {token: i for i, token in enumerate(SPECIAL_TOKENS)}
    settings = json.loads(TOKENIZER.to_json())
    for size, dtype in ((65_535, np.uint16), (65_536, np.uint32)):
        settings["model"]["vocab"] = {**words, "last": size - 1}
        tokenizer = Tokenizer(json.dumps(settings))
        assert tokenizer.vocabulary_size == size
        path = build(tmp_path / str(size), [([[size - 1]], 0)], tokenizer)
        opened = TokenStore.open(path, verify=True)
        assert opened.token_ids.dtype == dtype
        assert opened.token_ids.tolist() == [size - 1]


def test_documents_without_tokens_are_dropped_and_counted(tmp_path):
    path = build(tmp_path / "store", [([[], []], 1), ([[], [5], []], 2), ([], 3)])
    opened = TokenStore.open(path)
    assert (opened.documents, opened.sentences, opened.tokens) == (1, 1, 1)
    assert opened.manifest["counts"]["dropped"] == 2


def test_equal_content_gives_equal_bytes(tmp_path):
    for name in ("a", "b"):
        build(tmp_path / name, inputs=[{"name": "x.txt", "bytes": 3}], settings={"limit": None})
    for file in ("manifest.json", "tokenizer.json", "tokens.h5"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text())
    assert manifest["inputs"] == [{"name": "x.txt", "bytes": 3}]
    assert manifest["settings"] == {"limit": None}
    assert manifest["versions"]["h5py"] == h5py.__version__


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_nothing_is_left_of_a_failure(tmp_path, error):
    with pytest.raises(error), StoreWriter(tmp_path / "store", TOKENIZER) as writer:
        writer.add([np.array([5])], 1)
        assert len(list(tmp_path.iterdir())) == 1
        assert not (tmp_path / "store").exists()
        raise error
    assert list(tmp_path.iterdir()) == []


def test_empty_store_and_foreign_ids_are_refused(tmp_path):
    with pytest.raises(InputError, match="no document is left"):
        build(tmp_path / "store", [([[]], 1)])
    for bad in (-1, TOKENIZER.vocabulary_size):
        with pytest.raises(ValueError, match="do not fit the vocabulary"):
            build(tmp_path / "store", [([[bad]], 1)])
    assert list(tmp_path.iterdir()) == []


def test_target_must_be_new_or_empty(tmp_path, store):
    with pytest.raises(InputError, match="not empty"):
        build(store)
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="this is a file"):
        build(tmp_path / "file")
    with pytest.raises(InputError, match="cannot be made"):
        build(tmp_path / "file" / "below")
    (tmp_path / "empty").mkdir()
    assert TokenStore.open(build(tmp_path / "empty")).documents == 3
    assert TokenStore.open(build(tmp_path / "deep" / "er")).documents == 3


def test_relative_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert TokenStore.open(build("store")).documents == 3


def test_verify(store):
    result = verify(store)
    assert result["verified"]
    assert (result["documents"], result["tokens"]) == (3, 10)


def test_one_changed_byte_is_found(store):
    data = bytearray((store / "tokens.h5").read_bytes())
    with h5py.File(store / "tokens.h5") as file:
        data[file["token_ids"].id.get_offset()] ^= 1
    (store / "tokens.h5").write_bytes(data)
    assert TokenStore.open(store).tokens == 10
    with pytest.raises(InputError, match=r"checksum.*kerasbert prepare"):
        verify(store)


@pytest.mark.parametrize("keep", [0, 10, 300, 0.5, -1])
def test_cut_short(store, keep):
    data = (store / "tokens.h5").read_bytes()
    length = int(len(data) * keep) if isinstance(keep, float) else keep
    (store / "tokens.h5").write_bytes(data[:length])
    with pytest.raises(InputError, match="damaged or cut short"):
        TokenStore.open(store)


@pytest.mark.parametrize("name", ["manifest.json", "tokenizer.json", "tokens.h5"])
def test_missing_part(store, name):
    (store / name).unlink()
    with pytest.raises(InputError, match=f"{name} is missing"):
        TokenStore.open(store)


def test_no_store(tmp_path):
    with pytest.raises(InputError, match="a token store was expected"):
        TokenStore.open(tmp_path / "none")
    with pytest.raises(InputError, match="missing"):
        TokenStore.open(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 99}, "version 99"),
        ({"format": "other"}, "'other'"),
        ({"counts": {}}, "incomplete"),
        ({"counts": None}, "cannot be read"),
        ({"counts": {"documents": 4, "sentences": 6, "tokens": 10}}, "counts 4 documents"),
        ({"tokenizer_fingerprint": "0"}, "not the tokenizer"),
        ({"segmenter": "jieba"}, "not the tokenizer"),
    ],
)
def test_manifest_that_does_not_fit(store, changes, message):
    edit_manifest(store, **changes)
    with pytest.raises(InputError, match=message):
        TokenStore.open(store)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff"])
def test_broken_manifest(store, content):
    (store / "manifest.json").write_bytes(content)
    with pytest.raises(InputError, match=r"manifest\.json cannot be read"):
        TokenStore.open(store)


def test_tokenizer_of_another_store(store, tmp_path):
    other = train_tokenizer(["x y z"], "word", min_frequency=1)
    other.save(store / "tokenizer.json")
    with pytest.raises(InputError, match="not the tokenizer"):
        TokenStore.open(store)


@pytest.mark.parametrize(
    ("name", "values", "options", "message"),
    [
        ("sentence_offsets", [0, 3, 4, 6, 7, 8, 99], {"dtype": "<u8"}, "boundaries"),
        ("sentence_offsets", [1, 3, 4, 6, 7, 8, 10], {"dtype": "<u8"}, "boundaries"),
        ("document_offsets", [0, 5, 3, 6], {"dtype": "<u8"}, "boundaries"),
        ("document_offsets", [0, 2, 3], {"dtype": "<u8"}, "boundaries"),
        ("document_hashes", [1, 2], {"dtype": "<u8"}, "counts 3 documents"),
        ("sentence_offsets", [], {"dtype": "<u8"}, "damaged|counts"),
        ("token_ids", list(range(10)), {"dtype": "<u2", "chunks": (5,)}, "chunked"),
        ("token_ids", list(range(10)), {"dtype": "<f4"}, "float32"),
    ],
)
def test_wrong_datasets(store, name, values, options, message):
    replace_dataset(store, name, values, **options)
    with pytest.raises(InputError, match=message):
        TokenStore.open(store)


def test_unmappable_empty_dataset(store):
    replace_dataset(store, "token_ids", [], dtype="<u2")
    with pytest.raises(InputError, match="counts 10 tokens"):
        TokenStore.open(store)


def test_a_store_can_be_copied(store, tmp_path):
    shutil.copytree(store, tmp_path / "copy")
    assert verify(tmp_path / "copy") == verify(store)


@pytest.mark.parametrize(
    ("documents", "chosen"),
    [(100_000, 1000), (20_001, 201), (5000, 200), (500, 100), (10, 2), (4, 0), (0, 0)],
)
def test_share_of_validation(documents, chosen):
    hashes = np.random.default_rng(0).integers(0, 2**64, documents, np.uint64)
    mask = validation_documents(hashes)
    assert mask.dtype == bool
    assert mask.shape == (documents,)
    assert mask.sum() == chosen


def test_validation_depends_on_the_text_alone():
    random = np.random.default_rng(1)
    hashes = random.integers(0, 50, 1000).astype(np.uint64)  # 20 duplicates of each
    mask = validation_documents(hashes, minimum=10)
    assert not set(hashes[mask].tolist()) & set(hashes[~mask].tolist())
    order = random.permutation(1000)
    assert np.array_equal(validation_documents(hashes[order], minimum=10), mask[order])
    # Hashes that are small numbers, or share their high bits, are mixed first.
    assert np.flatnonzero(validation_documents(np.arange(1000, dtype=np.uint64))).max() > 900


def test_duplicates_beyond_a_fifth_stay_in_training():
    hashes = np.array([7] * 60 + list(range(100, 140)), np.uint64)
    mask = validation_documents(hashes)
    assert mask.sum() == 20
    assert not mask[:60].any()
    assert not validation_documents(np.zeros(100, np.uint64)).any()
