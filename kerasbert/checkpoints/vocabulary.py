"""The tokenizer of a public model: its tokenizer.json, or one made from its vocabulary files."""

import json
from typing import Any

import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.processors import RobertaProcessing, TemplateProcessing

from kerasbert.checkpoints.public_folder import Files, json_of
from kerasbert.choices import VocabularyFiles
from kerasbert.errors import InputError
from kerasbert.tokenizer.tokenizer import Tokenizer as OurTokenizer

FILE = "tokenizer.json"
CONFIG = "tokenizer_config.json"
# From the name in tokenizer_config.json to that in a BertNormalizer of tokenizer.json.
_BERT_SETTINGS = {
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
}
_ROLES = ("pad", "unk", "cls", "sep", "mask")
# Classes that are no more than their vocabulary files say; others, such as those for Japanese,
# Vietnamese or tweets, do something to the text first.
_PLAIN = ("Bert", "DistilBert", "Electra", "Roberta", "PreTrained", "")


def read_tokenizer(folder: Files, written: VocabularyFiles) -> OurTokenizer:
    """The tokenizer of a folder, as transformers would make it.

    Args:
        folder: of the model.
        written: what its vocabulary files are where there is no tokenizer.json.

    Raises:
        InputError: none is there, it cannot be read, or it lacks special tokens.
    """
    config = folder.json(CONFIG) if folder.has(CONFIG) else {}
    if folder.has(FILE):
        path = folder.file(FILE)
        text = _as_configured(folder, config)
    elif written == "wordpiece" and folder.has("vocab.txt"):
        path = folder.file("vocab.txt")
        _check_plain(folder, config)
        text = _from_words(folder, config)
    elif written == "bytes" and folder.has("vocab.json") and folder.has("merges.txt"):
        path = folder.file("vocab.json")
        _check_plain(folder, config)
        text = _from_bytes(folder, config)
    else:
        expected = {"wordpiece": ", or vocab.txt", "bytes": ", or vocab.json and merges.txt"}
        raise InputError(
            f"{folder.path}: there is no {FILE}{expected.get(written, '')}. A SentencePiece file is"
            " not read: with transformers installed, AutoTokenizer.from_pretrained(FOLDER)"
            f".save_pretrained(FOLDER) writes {FILE}."
        )
    try:
        tokenizer = OurTokenizer(text)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    _check_roles(folder, config, tokenizer)
    return tokenizer


def _as_configured(folder: Files, config: dict[str, Any]) -> str:
    """tokenizer.json, with what tokenizer_config.json says otherwise about casing and accents."""
    text = folder.text(FILE)
    settings = json_of(folder.file(FILE), text)
    normalizer = settings.get("normalizer") if isinstance(settings, dict) else None
    if not isinstance(normalizer, dict) or normalizer.get("type") != "BertNormalizer":
        return text
    said = {ours: config[name] for name, ours in _BERT_SETTINGS.items() if name in config}
    if said.items() <= normalizer.items():
        return text
    settings["normalizer"] = normalizer | said
    return json.dumps(settings, indent=2, ensure_ascii=False)


def _from_words(folder: Files, config: dict[str, Any]) -> str:
    """BERT's WordPiece tokenizer from vocab.txt: a token a line."""
    vocabulary = {
        token: index
        for index, token in enumerate(folder.text("vocab.txt").rstrip("\n").split("\n"))
    }
    if config.get("do_basic_tokenize", True) is False or config.get("never_split"):
        raise InputError(
            f"{folder.file(CONFIG)}: do_basic_tokenize false and never_split are not read."
        )
    names = _names(config, "[{}]", str.upper)
    made = Tokenizer(models.WordPiece(vocabulary, unk_token=names["unk"]))
    made.normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=bool(config.get("tokenize_chinese_chars", True)),
        strip_accents=config.get("strip_accents"),
        lowercase=bool(config.get("do_lower_case", True)),
    )
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    _add_special(folder, "vocab.txt", made, vocabulary, names)
    cls, sep = names["cls"], names["sep"]
    made.post_processor = TemplateProcessing(
        single=f"{cls} $A {sep}",
        pair=f"{cls} $A {sep} $B:1 {sep}:1",
        special_tokens=[(cls, vocabulary[cls]), (sep, vocabulary[sep])],
    )
    return made.to_str(pretty=True)


def _from_bytes(folder: Files, config: dict[str, Any]) -> str:
    """RoBERTa's tokenizer of bytes from vocab.json and merges.txt."""
    vocabulary = folder.json("vocab.json")
    lines = folder.text("merges.txt").split("\n")
    pairs = (line.split(" ") for line in lines if line and not line.startswith("#version"))
    names = _names(config, "<{}>", str) | {
        role: _content(config.get(f"{role}_token"), default)
        for role, default in (("cls", "<s>"), ("sep", "</s>"))
    }
    try:
        made = Tokenizer(models.BPE(vocabulary, [(left, right) for left, right in pairs]))
    except Exception as error:  # the library raises plain Exception
        raise InputError(
            f"{folder.file('merges.txt')}: does not fit vocab.json ({error})."
        ) from None
    prefix = bool(config.get("add_prefix_space", False))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    made.decoder = decoders.ByteLevel()
    _add_special(folder, "vocab.json", made, vocabulary, names)
    sep, cls = ((names[role], vocabulary[names[role]]) for role in ("sep", "cls"))
    made.post_processor = RobertaProcessing(sep, cls, add_prefix_space=prefix)
    return made.to_str(pretty=True)


def _names(config: dict[str, Any], form: str, case) -> dict[str, str]:
    return {role: _content(config.get(f"{role}_token"), form.format(case(role))) for role in _ROLES}


def _content(token: Any, default: str) -> str:
    """A token as tokenizer_config.json writes it: its text, or an object that holds it."""
    found = token.get("content") if isinstance(token, dict) else token
    return found if isinstance(found, str) else default


def _add_special(
    folder: Files,
    file: str,
    made: tokenizers.Tokenizer,
    vocabulary: dict[str, int],
    names: dict[str, str],
) -> None:
    """Make special tokens of those of the vocabulary; a tokenizer may do without [MASK]."""
    missing = [name for role, name in names.items() if name not in vocabulary and role != "mask"]
    if missing:
        raise InputError(
            f"{folder.file(file)}: there is no {', '.join(missing)}. Name the special tokens in"
            f" {CONFIG}."
        )
    known = sorted({name for name in names.values() if name in vocabulary}, key=vocabulary.get)  # type: ignore[arg-type]
    made.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in known])


def _check_plain(folder: Files, config: dict[str, Any]) -> None:
    name = str(config.get("tokenizer_class") or "")
    if name.removesuffix("Fast").removesuffix("Tokenizer") not in _PLAIN:
        raise InputError(
            f"{folder.file(CONFIG)}: a {name} is more than its vocabulary files, and there is no"
            f" {FILE}, so its tokens cannot be found again here."
        )


def _check_roles(folder: Files, config: dict[str, Any], tokenizer: OurTokenizer) -> None:
    """The special tokens that were found are those that tokenizer_config.json names."""
    found = dict(zip(_ROLES, _found(tokenizer), strict=True))
    ids = json.loads(tokenizer.to_json())["added_tokens"]
    by_name = {token["content"]: token["id"] for token in ids}
    for role in _ROLES:
        name = _content(config.get(f"{role}_token"), "")
        if name in by_name and by_name[name] != found[role]:
            raise InputError(
                f"{folder.file(CONFIG)}: {role}_token is {name}, id {by_name[name]}, but the"
                f" tokenizer's is id {found[role]}. Expected [PAD], [UNK], [CLS], [SEP], [MASK] or"
                " <pad>, <unk>, <s>, </s>, <mask>."
            )


def _found(tokenizer: OurTokenizer) -> tuple[int | None, ...]:
    special = tokenizer.special
    return special.pad, special.unk, special.cls, special.sep, special.mask
