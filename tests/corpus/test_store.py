"""The token store: what is written is what is mapped, and what has changed is never read."""

import json
import shutil
from itertools import pairwise

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_store import DOCUMENTS, TOKENIZER, as_documents, build, counts_of

from kerasbert.corpus.store.held_out import validation_documents
from kerasbert.corpus.store.shards import Shard, write_shard
from kerasbert.corpus.store.token_store import TokenStore, verify
from kerasbert.errors import InputError
from kerasbert.tokenizer.tokenizer import SPECIAL_TOKENS, Tokenizer
from kerasbert.tokenizer.training import train_tokenizer

FIRST = "tokens-00000.h5"


@pytest.fixture
def store(tmp_path):
    return build(tmp_path / "store")


def two_shards(path):
    return build(path, DOCUMENTS[:2], DOCUMENTS[2:])


def replace_dataset(store, name, values, **options):
    with h5py.File(store / FIRST, "a") as file:
        del file[name]
        file.create_dataset(name, data=values, **options)


def test_layout_by_hand(store):
    opened = TokenStore.open(store)
    text = opened.shards[0].documents
    assert text.token_ids.tolist() == [5, 6, 7, 8, 9, 10, 5, 6, 7, 8]
    assert text.sentence_offsets.tolist() == [0, 3, 4, 6, 7, 8, 10]
    assert text.document_offsets.tolist() == [0, 2, 3, 6]
    assert text.document_hashes.tolist() == [11, 2**64 - 1, 11]
    assert opened.shards[0].token_counts.tolist() == [0] * 5 + [2] * 4 + [1] * 2 + [0] * 8
    assert (opened.documents, opened.sentences, opened.tokens) == (3, 6, 10)
    assert text.token_ids.dtype == np.uint16
    assert text.sentence_offsets.dtype == text.document_hashes.dtype == np.uint64
    assert opened.tokenizer.fingerprint() == TOKENIZER.fingerprint()
    assert sorted(path.name for path in store.iterdir()) == [
        "manifest.json",
        "tokenizer.json",
        FIRST,
    ]


def test_h5py_reads_the_same(store):
    opened = TokenStore.open(store).shards[0]
    with h5py.File(store / FIRST) as file:
        for name in file:
            assert file[name].chunks is None
            holder = opened if name == "token_counts" else opened.documents
            assert np.array_equal(file[name][:], getattr(holder, name))


def test_shards_are_one_sequence(store, tmp_path):
    one, two = TokenStore.open(store), TokenStore.open(two_shards(tmp_path / "two"))
    assert two.first_documents.tolist() == [0, 2, 3]
    assert (two.documents, two.sentences, two.tokens) == (3, 6, 10)
    for first, stop in ((0, 3), (1, 3), (2, 3), (0, 1)):
        expected, found = one.read(first, stop), two.read(first, stop)
        for name in vars(expected):
            assert np.array_equal(getattr(expected, name), getattr(found, name)), (first, name)
    assert two.read(1, 3).token_ids.tolist() == [9, 10, 5, 6, 7, 8]
    assert two.read(1, 3).sentence_offsets.tolist() == [0, 2, 3, 4, 6]
    assert np.concatenate(list(two.hash_blocks())).tolist() == [11, 2**64 - 1, 11]


def test_documents_can_be_chosen():
    found = as_documents(DOCUMENTS).select(np.array([True, False, True]))
    assert found.token_ids.tolist() == [5, 6, 7, 8, 5, 6, 7, 8]
    assert found.sentence_offsets.tolist() == [0, 3, 4, 5, 6, 8]
    assert found.document_offsets.tolist() == [0, 2, 5]
    assert found.document_hashes.tolist() == [11, 11]
    assert found.starts.tolist() == [0, 4, 8]


def test_what_was_read_can_be_given_back(store):
    opened = TokenStore.open(store)
    before = opened.read(0, 3).token_ids
    opened.shards[0].release()
    assert np.array_equal(opened.read(0, 3).token_ids, before)


def test_a_shard_of_several_parts_equals_one_of_the_whole(tmp_path):
    random = np.random.default_rng(0)
    documents = [
        ([random.integers(5, 19, n).tolist() for n in random.integers(1, 90, 6)], i)
        for i in range(60)
    ]
    whole = as_documents(documents)
    parts = [as_documents(documents[a:b]) for a, b in pairwise((0, 1, 30, 30, 60))]
    for name, pieces in (("a", [whole]), ("b", parts)):
        write_shard(tmp_path / f"{name}.h5", iter(pieces), counts_of(whole), 19)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    assert Shard(tmp_path / "a.h5").fits()
    with pytest.raises(ValueError, match="expected"):
        write_shard(tmp_path / "c.h5", iter(parts[:2]), counts_of(whole), 19)
    for bad in (-1, 19):
        foreign = as_documents([([[bad]], 1)])
        with pytest.raises(ValueError, match="do not fit the vocabulary"):
            write_shard(tmp_path / "c.h5", iter([foreign]), counts_of(foreign), 19)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5", "b.h5"]


def test_large_vocabulary_takes_four_bytes(tmp_path):
    words = {token: i for i, token in enumerate(SPECIAL_TOKENS)}
    tokenizer_settings = json.loads(TOKENIZER.to_json())
    for size, dtype in ((65_535, np.uint16), (65_536, np.uint32)):
        tokenizer_settings["model"]["vocab"] = {**words, "last": size - 1}
        tokenizer = Tokenizer(json.dumps(tokenizer_settings))
        assert tokenizer.vocabulary_size == size
        path = build(tmp_path / str(size), [([[size - 1]], 0)], tokenizer=tokenizer)
        text = TokenStore.open(path).shards[0].documents
        assert text.token_ids.dtype == dtype
        assert text.token_ids.tolist() == [size - 1]


def test_verify(store):
    result = verify(store)
    assert result["verified"]
    assert (result["documents"], result["tokens"], result["shards"]) == (3, 10, 1)


def test_every_flipped_byte_is_found(store):
    """In each file, at every place of the small ones and at many of the shard."""
    for path in sorted(store.iterdir()):
        whole = path.read_bytes()
        for place in range(0, len(whole), 1 if path.suffix == ".json" else 37):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(InputError, match="kerasbert prepare"):
                verify(store)
        path.write_bytes(whole)
    assert verify(store)["verified"]


def test_the_shard_that_has_changed_is_named(tmp_path):
    store = two_shards(tmp_path / "store")
    path = store / "tokens-00001.h5"
    data = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        data[file["token_ids"].id.get_offset()] ^= 1
    path.write_bytes(data)
    assert TokenStore.open(store, verify=False).tokens == 10
    with pytest.raises(InputError, match=r"tokens-00001\.h5: changed since it was written"):
        TokenStore.open(store)


def test_shards_in_each_others_place(tmp_path):
    store = build(tmp_path / "store", DOCUMENTS[1:2], [([[5, 6]], 3)])
    first, second = store / FIRST, store / "tokens-00001.h5"
    assert first.stat().st_size == second.stat().st_size
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    with pytest.raises(InputError, match=f"{FIRST}: changed"):
        TokenStore.open(store)


@pytest.mark.parametrize("keep", [0, 10, 300, 0.5, -1])
@pytest.mark.parametrize("verify_all", [True, False])
def test_cut_short(store, keep, verify_all):
    data = (store / FIRST).read_bytes()
    length = int(len(data) * keep) if isinstance(keep, float) else keep
    (store / FIRST).write_bytes(data[:length])
    with pytest.raises(InputError, match=f"{FIRST}: damaged or cut short"):
        TokenStore.open(store, verify=verify_all)


@pytest.mark.parametrize("name", ["manifest.json", "tokenizer.json", FIRST])
def test_missing_part(store, name):
    (store / name).unlink()
    with pytest.raises(InputError, match=f"{name}.*is missing"):
        TokenStore.open(store)


def test_a_shard_too_many(store):
    shutil.copy(store / FIRST, store / "tokens-00001.h5")
    with pytest.raises(InputError, match=r"tokens-00001\.h5: this shard is not in the manifest"):
        TokenStore.open(store)


def test_no_store(tmp_path):
    with pytest.raises(InputError, match="a token store was expected"):
        TokenStore.open(tmp_path / "none")
    with pytest.raises(InputError, match="missing"):
        TokenStore.open(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 99}, "version 2 was expected.*version 99"),
        ({"version": 1}, "version 2 was expected.*version 1.*kerasbert prepare"),
        ({"format": "other"}, "'other'"),
        ({"counts": {}}, "not as it was written"),
        ({"segmenter": "jieba"}, "not as it was written"),
    ],
)
def test_manifest_that_was_changed(store, changes, message):
    manifest = json.loads((store / "manifest.json").read_text())
    (store / "manifest.json").write_text(json.dumps({**manifest, **changes}, indent=2) + "\n")
    with pytest.raises(InputError, match=message):
        TokenStore.open(store)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_broken_manifest(store, content):
    (store / "manifest.json").write_bytes(content)
    with pytest.raises(InputError, match=r"manifest\.json: cannot be read"):
        TokenStore.open(store)


def test_tokenizer_of_another_store(store):
    other = train_tokenizer(["x y z"], "word", min_frequency=1)
    other.save(store / "tokenizer.json")
    with pytest.raises(InputError, match="not the tokenizer"):
        TokenStore.open(store)


@pytest.mark.parametrize(
    ("name", "values", "options", "message"),
    [
        ("token_ids", list(range(10)), {"dtype": "<u2", "chunks": (5,)}, "chunked"),
        ("token_ids", list(range(10)), {"dtype": "<f4"}, "float32"),
        ("document_hashes", [[1], [2]], {"dtype": "<u8"}, r"\(2, 1\)"),
    ],
)
def test_datasets_that_cannot_be_mapped(store, name, values, options, message):
    replace_dataset(store, name, values, **options)
    with pytest.raises(InputError, match=message):
        Shard(store / FIRST)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("sentence_offsets", [0, 3, 4, 6, 7, 8, 99]),
        ("sentence_offsets", [1, 3, 4, 6, 7, 8, 10]),
        ("sentence_offsets", []),
        ("document_offsets", [0, 5, 3, 6]),
        ("document_offsets", [0, 2, 3]),
        ("document_hashes", [1, 2]),
    ],
)
def test_boundaries_that_do_not_fit(store, name, values):
    assert Shard(store / FIRST).fits()
    replace_dataset(store, name, values, dtype="<u8")
    assert not Shard(store / FIRST).fits()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_store_is_refused_and_never_read_wrong(tmp_path_factory, data):
    """Whatever is cut, flipped, moved, swapped or left out: one clear error, or the same tokens."""
    folder = tmp_path_factory.mktemp("fuzz")
    store = two_shards(folder / "store")
    whole = TokenStore.open(store).read(0, 3)
    for _ in range(data.draw(st.integers(1, 3))):
        _damage(data, sorted(store.iterdir()))
    try:
        opened = TokenStore.open(store)
    except InputError as error:
        assert str(folder) in str(error)
        return
    found = opened.read(0, 3)
    assert all(np.array_equal(getattr(found, name), getattr(whole, name)) for name in vars(whole))


def _damage(data, files):
    path = data.draw(st.sampled_from(files))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, max(0, len(content) - 1)))
    kind = data.draw(st.sampled_from(["cut", "flip", "insert", "move", "swap", "version", "drop"]))
    if kind == "cut":
        del content[place:]
    elif kind == "flip" and content:
        content[place] ^= data.draw(st.integers(1, 255))
    elif kind == "insert":
        content[place:place] = data.draw(st.binary(max_size=20))
    elif kind == "move":
        content = content[place:] + content[:place]
    elif kind == "version":
        content = content.replace(b'"version": 2', b'"version": 3')
    if kind == "swap":
        other = data.draw(st.sampled_from(files))
        mine, theirs = path.read_bytes(), other.read_bytes()
        path.write_bytes(theirs)
        other.write_bytes(mine)
    elif kind == "drop" and len(files) > 1:
        path.unlink()
    else:
        path.write_bytes(content)


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
