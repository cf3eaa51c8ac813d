"""Where tokens stand in the text as it was given, whatever normalizers and segmenters do to it."""

import random
import unicodedata

import numpy as np
import pytest
import tokenizers
from made_tokenizers import roberta
from tokenizers import models, normalizers, pre_tokenizers

from kerasbert.tokenizer.places import _normalized, encode_with_places
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.training import train_tokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def of_words(*words, normalizer=None):
    vocabulary = {word: index for index, word in enumerate([*SPECIAL, *words])}
    made = tokenizers.Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizer or normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(SPECIAL)
    return Tokenizer(made.to_str())


def shown(tokenizer, text):
    ((ids, starts, ends),) = encode_with_places(tokenizer, [text])
    assert ids.tolist() == tokenizer.encode([text])[0].tolist()
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Cafe\u0301 noir", ["Cafe\u0301", "noir"]),  # the accent belongs to what it stands on
        ("caf\u00e9 noir", ["caf\u00e9", "noir"]),
        ("a\x00b \x07 b", ["a\x00b", "b"]),  # control characters leave no token
        ("\U0001f600 b", ["\U0001f600", "b"]),
        ("b\u3000\u00a0b", ["b", "b"]),
        ("中文b", ["中", "文", "b"]),
        ("ab\ud800", ["ab", "\ud800"]),  # a lone surrogate
        ("", []),
    ],
)
def test_pieces_are_cut_out_of_the_original(text, pieces):
    assert shown(of_words("cafe", "noir", "a", "ab", "b", "中"), text) == pieces


def test_full_width_forms_and_ligatures():
    tokenizer = of_words("abc", "1", "##2", "f", "##i", "##ne", normalizer=normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase()]))  # fmt: skip
    assert shown(tokenizer, "ＡＢＣ １２") == ["ＡＢＣ", "１", "２"]
    assert shown(tokenizer, "ﬁne") == ["ﬁ", "ﬁ", "ne"]  # two tokens of one character


def test_bytes_leave_out_the_space_before_a_word():
    tokenizer = Tokenizer(roberta(["the old oak stands"]).to_str())
    for text in ("the  old\n oak", "the old \u00e9 oak"):
        pieces = shown(tokenizer, text)
        assert all(piece == piece.strip() for piece in pieces)
        assert set("".join(text.split())) == set("".join(pieces))


def test_a_long_list_of_texts_is_as_each_alone():
    tokenizer = of_words("a", "b")
    texts = ["a b " * n for n in range(40)]
    together = encode_with_places(tokenizer, texts)
    for text, found in zip(texts, together, strict=True):
        (alone,) = encode_with_places(tokenizer, [text])
        assert all(np.array_equal(one, other) for one, other in zip(found, alone, strict=True))


def test_chinese_words_of_jieba():
    pytest.importorskip("rjieba")
    tokenizer = train_tokenizer(["我们在北京大学读书 cafe\u0301"] * 3, style="jieba")
    text = " 我们 在北京大学\n读书，cafe\u0301!"
    pieces = shown(tokenizer, text)
    assert "北京大学" in pieces and "e\u0301" in pieces  # jieba parts caf and é
    assert "".join(pieces) == "".join(text.split())


@pytest.mark.parametrize("form", ["NFC", "NFKC"])
def test_parts_of_a_normal_form_make_the_whole(form):
    draw = random.Random(0)
    alphabet = "ab é\u0301\u0323e\u0308ﬁＡ①한\u1112\u1161\u11ab\u0b92\u0bd7中ﾊﾟが"
    for _ in range(2000):
        text = "".join(draw.choices(alphabet, k=draw.randrange(8)))
        parts = _normalized(text, form)
        assert "".join(made for _, _, made in parts) == unicodedata.normalize(form, text)
        ends = [0, *(end for _, end, _ in parts)]
        assert ends[:-1] == [start for start, _, _ in parts] and ends[-1] == len(text)
