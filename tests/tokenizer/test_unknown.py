"""Unknown characters: one token may stand for a line, and is worth as much as its characters."""

import json
import unicodedata

import pytest
import tokenizers

from kerasbert.corpus.prepare.prepare_store import prepare_store
from kerasbert.corpus.store.token_store import TokenStore
from kerasbert.errors import InputError
from kerasbert.tokenizer.tokenizer import SPECIAL_TOKENS, Tokenizer
from kerasbert.tokenizer.training import train_tokenizer
from kerasbert.tokenizer.unknown import Unknown, unknown_in, unknown_in_stream

ENGLISH = ["the cat sat on the mat", "a dog saw the cat"] * 2
THAI = "ประเทศไทยเป็นประเทศที่ตั้งอยู่ในเอเชีย"  # without a space


@pytest.mark.parametrize(
    ("style", "text", "unknown", "of"),
    [
        ("word", "the zebra sat", 5, 11),  # [UNK] for the word
        ("char", "the zebra sat", 3, 11),  # z, b and r
        ("wordpiece", "the zebra sat", 5, 11),
        ("word", "a [MASK] b", 5, 8),  # M-A-S-K and b; the brackets below
        ("wordpiece", f"the {THAI}", len(THAI), len(THAI) + 3),
        ("word", "  ", 0, 0),
        ("jieba", "the 北京大学", 4, 7),
    ],
)
def test_characters_behind_unknown_tokens(style, text, unknown, of):
    texts = [*ENGLISH, "[ ]", "[ ]"]
    found = unknown_in(train_tokenizer(texts, style), [(text,)])
    assert found == Unknown(unknown, of)


def test_thai_is_a_few_tokens_and_most_of_the_characters():
    tokenizer = train_tokenizer(ENGLISH)
    text = f"the cat sat on the mat {THAI}{THAI}"
    ids = tokenizer.encode([text])[0]
    assert (ids == tokenizer.unk_id).mean() < 0.2
    assert unknown_in(tokenizer, [(text,)]).share > 0.7


def test_bytes_are_never_unknown():
    library = tokenizers.Tokenizer(tokenizers.models.BPE())
    library.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        special_tokens=list(SPECIAL_TOKENS), initial_alphabet=alphabet, show_progress=False
    )
    library.train_from_iterator(ENGLISH, trainer)
    tokenizer = Tokenizer(library.to_str())
    assert unknown_in(tokenizer, [(THAI,)]) == Unknown(0, len("".join(THAI.split())))


@pytest.mark.parametrize("split", ["Whitespace", "Metaspace", "ByteLevel"])
def test_what_leaves_no_token_at_all_is_counted(split):
    """BPE drops what it does not know unless its file names an unk_token."""
    library = tokenizers.Tokenizer(tokenizers.models.BPE())
    library.pre_tokenizer = getattr(tokenizers.pre_tokenizers, split)()
    names = list(SPECIAL_TOKENS)
    trainer = tokenizers.trainers.BpeTrainer(special_tokens=names, show_progress=False)
    library.train_from_iterator(ENGLISH, trainer)
    tokenizer = Tokenizer(library.to_str())
    assert tokenizer.special.unk == 1 and not (tokenizer.encode([THAI])[0] == 1).any()
    assert unknown_in(tokenizer, [("the cat sat",), ("the é",)]) == Unknown(1, 13)
    assert unknown_in(tokenizer, [(THAI,)]).share == 1
    library.model.unk_token = "[UNK]"
    assert unknown_in(Tokenizer(library.to_str()), [("the é",)]).characters >= 1


def test_offsets_are_those_of_the_text_whatever_the_normalizer_does():
    tokenizer = train_tokenizer(["ab cd"] * 2, "word", unicode="NFKC")
    wide = "ａｂ ﬁｘ cd"
    assert unknown_in(tokenizer, [(wide,)]) == Unknown(2, 6)  # the ligature is one character
    assert len(unicodedata.normalize("NFKC", "ﬁｘ")) == 3


def test_lone_surrogates_are_counted_as_what_they_are_read_as():
    assert unknown_in(train_tokenizer(ENGLISH, "word"), [("the \ud800",)]) == Unknown(1, 4)


def test_a_sample_is_looked_at_and_both_texts_of_a_pair():
    tokenizer = train_tokenizer(ENGLISH, "word")
    pairs = [("the cat", "zebra")] * 5000
    found = unknown_in(tokenizer, pairs)
    assert found.share == 5 / 11 and found.of <= 1000 * 11
    assert unknown_in(tokenizer, [("the " * 10_000 + "zebra",)]).characters == 0
    assert unknown_in_stream(tokenizer, pairs[:512], 0).of == 171 * 11
    assert unknown_in_stream(tokenizer, pairs[:512], 10_000).of == 16 * 11
    assert unknown_in(tokenizer, []) == Unknown()


def test_what_is_said_from_a_fifth_on_and_what_is_refused():
    assert Unknown(19, 100).warnings("train") == [] == Unknown().report("train")
    (warning,) = Unknown(69, 100).warnings("train")
    assert warning.startswith("warning: train: the tokenizer does not know 69% of the characters")
    assert "--tokenizer char, a larger --vocab-size" in warning
    assert Unknown(69, 100).report("x") == Unknown(69, 100).warnings("x")  # said once
    assert Unknown(1, 100).report("x") == ["x: 1.0% of the characters unknown to the tokenizer"]
    Unknown(94, 100).check("train")
    with pytest.raises(InputError, match=r"^train: the tokenizer does not know 95%.*--tokenizer"):
        Unknown(95, 100).check("train")
    assert Unknown(1, 3) + Unknown(2, 4) == Unknown(3, 7)


def test_a_store_remembers_it_and_one_of_unknown_text_is_not_made(tmp_path):
    path = tmp_path / "raw.txt"
    path.write_text(f"the cat sat {THAI}\n" * 3, encoding="utf-8")
    tokenizer = train_tokenizer(ENGLISH, "word")
    said = []
    result = prepare_store([path], tmp_path / "s", tokenizer=tokenizer, say=said.append)
    share = len(THAI) / (len(THAI) + 9)
    assert result["unknown_share"] == 1 / 4 and result["unknown_characters"] == share
    assert sum("warning: " in text for text in said) == 1  # in the estimate, not again at the end
    assert TokenStore.open(tmp_path / "s").unknown.share == share
    manifest = json.loads((tmp_path / "s" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["unknown_characters"] == {"characters": 3 * len(THAI), "of": 3 * len(THAI) + 27}

    path.write_text(f"{THAI} {THAI}\n" * 3, encoding="utf-8")
    with pytest.raises(InputError, match="the corpus: the tokenizer does not know 100%"):
        prepare_store([path], tmp_path / "t", tokenizer=tokenizer)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["raw.txt", "s"]


def test_the_count_is_the_same_for_any_cut(tmp_path, monkeypatch):
    path = tmp_path / "raw.txt"
    words = ["the", "cat", "zebra", "lion"]
    lines = [" ".join(words[(i * j) % 4] for j in range(1, 9)) + f" {i}" for i in range(400)]
    path.write_text("\n".join(lines))
    monkeypatch.setattr("kerasbert.corpus.prepare.prepare_store.LOOKED_AT", 2000)
    tokenizer = train_tokenizer(ENGLISH, "word")
    found = []
    for piece_bytes in (4 << 20, 700):
        monkeypatch.setattr("kerasbert.corpus.prepare.prepare_store.PIECE_BYTES", piece_bytes)
        store = tmp_path / str(piece_bytes)
        prepare_store([path], store, tokenizer=tokenizer)
        found.append(TokenStore.open(store).unknown)
    assert found[0] == found[1] and 0 < found[0].of < 4000
