"""Tokens of public models are those that transformers finds, in many scripts."""

import itertools
import json
import random
import unicodedata

import pytest
import tokenizers

from kerasbert.checkpoints.public_folder import PublicFolder
from kerasbert.checkpoints.vocabulary import read_tokenizer
from kerasbert.errors import InputError

RANGES = {
    "Latin": (0x41, 0x17F),
    "Greek": (0x386, 0x3CE),
    "Cyrillic": (0x400, 0x45F),
    "Hebrew": (0x5B0, 0x5EA),
    "Arabic": (0x60C, 0x669),
    "Devanagari": (0x901, 0x94D),
    "Thai": (0xE01, 0xE4E),
    "Hangul": (0xAC00, 0xAC40),
    "Kana": (0x3041, 0x30FE),
    "Chinese": (0x4E00, 0x4E80),
    "combining": (0x300, 0x33F),
    "punctuation": (0x21, 0x40),
    "more punctuation": (0x2010, 0x205F),
    "full width": (0xFF01, 0xFF5E),
    "emoji": (0x1F600, 0x1F640),
}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ODD = [
    "café CAFÉ cafe\u0301",
    "İstanbul ıI",
    "Straße ẞ",
    "a\u00a0b\u200bc\u3000d\ufeff",
    "ﬁne ① ２",
]
ODD += [
    "",
    " ",
    "\t\r\n",
    "naïve—façade",
    "don't 1,000.50",
    "x" * 150,
    "日本語とEnglish",
    "\x00a\x07b",
]


def lines(count: int = 2000) -> list[str]:
    """Words of one script or two, in upper and lower case, between all kinds of space."""
    chance = random.Random(0)
    letters = {
        name: [chr(code) for code in range(*ends) if unicodedata.category(chr(code)) != "Cn"]
        for name, ends in RANGES.items()
    }
    letters["Latin"] += list("etaoinshrdlu") * 20

    def word() -> str:
        scripts = chance.choices(list(letters), k=chance.choice((1, 1, 1, 2)))
        return "".join(
            chance.choice(letters[chance.choice(scripts)]) for _ in range(chance.randint(1, 8))
        )

    spaces = [" ", " ", " ", "  ", "\t", "\u00a0", "\u2003", ""]
    made = [
        "".join(word() + chance.choice(spaces) for _ in range(chance.randint(1, 12)))
        for _ in range(count)
    ]
    return ODD + made


LINES = lines()


def characters() -> list[str]:
    forms = {
        form
        for line in LINES
        for form in (line, line.lower(), unicodedata.normalize("NFD", line.lower()))
    }
    return sorted({one for form in forms for one in form if not one.isspace() and one != "\x00"})


def wordpiece(folder, **config) -> None:
    letters = characters()[::2] + list("abcdefghijklmnopqrstuvwxyz")  # half of them are unknown
    tokens = dict.fromkeys([*SPECIAL, *letters, *(f"##{one}" for one in letters), "cafe", "##the"])
    folder.mkdir(exist_ok=True)
    folder.joinpath("vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    values = {"tokenizer_class": "BertTokenizer", **config}
    folder.joinpath("tokenizer_config.json").write_text(json.dumps(values))
    folder.joinpath("config.json").write_text('{"model_type": "bert"}')
    folder.joinpath("model.safetensors").write_bytes(b"")


def bytes_(folder, **config) -> None:
    trained = tokenizers.ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained.train_from_iterator(LINES, vocab_size=600, special_tokens=special, show_progress=False)
    folder.mkdir(exist_ok=True)
    trained.save_model(str(folder))
    values = {"tokenizer_class": "RobertaTokenizer", **config}
    folder.joinpath("tokenizer_config.json").write_text(json.dumps(values))
    folder.joinpath("config.json").write_text('{"model_type": "roberta"}')
    folder.joinpath("model.safetensors").write_bytes(b"")


def check_same(folder, written) -> None:
    transformers = pytest.importorskip("transformers")
    reference = transformers.AutoTokenizer.from_pretrained(folder)
    ours = read_tokenizer(PublicFolder(folder), written)
    expected = reference(LINES)["input_ids"]
    for line, ids, theirs in zip(LINES, ours.encode(LINES), expected, strict=True):
        assert [ours.cls_id, *ids.tolist(), ours.sep_id] == theirs, repr(line)


@pytest.mark.parametrize(
    "lower, accents, chinese",
    list(itertools.product((True, False), (None, True, False), (True, False))),
)
def test_the_pieces_of_a_vocab_txt(lower, accents, chinese, tmp_path):
    settings = {"do_lower_case": lower, "strip_accents": accents, "tokenize_chinese_chars": chinese}
    wordpiece(tmp_path, **settings)
    check_same(tmp_path, "wordpiece")


def test_what_tokenizer_config_says_goes_before_tokenizer_json(tmp_path):
    wordpiece(tmp_path)
    text = read_tokenizer(PublicFolder(tmp_path), "wordpiece").to_json()
    (tmp_path / "tokenizer.json").write_text(text)
    (tmp_path / "vocab.txt").unlink()
    check_same(tmp_path, "wordpiece")
    config = {"tokenizer_class": "BertTokenizer", "do_lower_case": False, "strip_accents": False}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    check_same(tmp_path, "wordpiece")
    assert not read_tokenizer(PublicFolder(tmp_path), "wordpiece").lowercase


@pytest.mark.parametrize("prefix", [True, False])
def test_the_bytes_of_a_vocab_json(prefix, tmp_path):
    bytes_(tmp_path, add_prefix_space=prefix)
    check_same(tmp_path, "bytes")


def test_accents_follow_the_case_unless_they_are_given(tmp_path):
    wordpiece(tmp_path, do_lower_case=True, strip_accents=None)
    tokenizer = read_tokenizer(PublicFolder(tmp_path), "wordpiece")
    assert tokenizer.tokens("Café") == ["cafe"]
    wordpiece(tmp_path, do_lower_case=True, strip_accents=False)
    assert read_tokenizer(PublicFolder(tmp_path), "wordpiece").tokens("Café") != ["cafe"]


@pytest.mark.parametrize(
    "config, said",
    [
        ({"tokenizer_class": "BertJapaneseTokenizer"}, "more than its vocabulary files"),
        ({"tokenizer_class": "PhobertTokenizer"}, "more than its vocabulary files"),
        ({"never_split": ["x"]}, "are not read"),
        ({"cls_token": "<begin>"}, "there is no <begin>"),
        ({"cls_token": "[SEP]"}, "cls_token is \\[SEP\\]"),
    ],
)
def test_a_tokenizer_that_cannot_be_made_again_is_refused(config, said, tmp_path):
    wordpiece(tmp_path, **config)
    with pytest.raises(InputError, match=said):
        read_tokenizer(PublicFolder(tmp_path), "wordpiece")


def test_without_a_tokenizer_the_message_says_what_was_expected(tmp_path):
    wordpiece(tmp_path)
    (tmp_path / "vocab.txt").unlink()
    with pytest.raises(InputError, match=r"no tokenizer\.json, or vocab\.txt"):
        read_tokenizer(PublicFolder(tmp_path), "wordpiece")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match=r"tokenizer\.json: this is no tokenizer\.json"):
        read_tokenizer(PublicFolder(tmp_path), "wordpiece")
