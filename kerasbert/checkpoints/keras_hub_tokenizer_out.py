"""The tokenizer of a run as one of KerasHub's, if that finds the same tokens."""

import json
from typing import Any

from kerasbert.errors import InputError
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.without_tensorflow import import_keras_hub

_WORDS = {f"{name}Backbone": f"{name}Tokenizer" for name in ("Bert", "DistilBert", "Electra")}
# Whatever one of them might do otherwise: capitals, accents, spaces, marks, other scripts.
PROBES = (
    "The cats sat, un-able!",
    "  Café  naïve\tÅngström ",
    "日本語の文。 東京",
    "Привет, мир: 3.14 (x_y) e-mail@example.org",
    "مرحبا بالعالم",
    "don't stop 100% #tag",
)


def keras_hub_tokenizer(backbone: str, tokenizer: Tokenizer) -> Any:
    """The tokenizer of a run as one of KerasHub's.

    Args:
        backbone: the name of its class.
        tokenizer: of the run.

    Raises:
        InputError: KerasHub has none that finds the same tokens.
    """
    made = _made(backbone, tokenizer)
    for text in PROBES:
        ours = [int(number) for number in tokenizer.encode([text])[0]]
        theirs = [int(number) for number in made.tokenize(text)]
        if ours != theirs:
            raise InputError(
                f"the {type(made).__name__} of KerasHub finds other tokens than its own in"
                f" {text!r}: {theirs} where ours are {ours}. --to huggingface writes it for"
                " transformers."
            )
    return made


def _made(backbone: str, tokenizer: Tokenizer) -> Any:
    classes = import_keras_hub().tokenizers
    settings = json.loads(tokenizer.to_json())
    model, kind = settings["model"], settings["model"]["type"]
    bytes_ = kind == "BPE" and "ByteLevel" in str(settings["pre_tokenizer"])
    if tokenizer.segmenter is None and bytes_ and backbone == "RobertaBackbone":
        merges = [one if isinstance(one, str) else " ".join(one) for one in model["merges"]]
        vocabulary = model["vocab"] | {t["content"]: t["id"] for t in settings["added_tokens"]}
        return _built(classes.RobertaTokenizer, vocabulary=vocabulary, merges=merges)
    if tokenizer.segmenter is None and kind in ("WordPiece", "WordLevel") and backbone in _WORDS:
        lowercase, accents = _casing(settings)
        return _built(
            getattr(classes, _WORDS[backbone]),
            vocabulary=_words(model["vocab"], settings["added_tokens"]),
            lowercase=lowercase,
            strip_accents=accents,
        )
    raise InputError(
        f"its tokenizer ({tokenizer.style}) is none that KerasHub has beside a {backbone}: expected"
        f" {'bytes, as RoBERTa has them' if backbone == 'RobertaBackbone' else 'WordPiece or word'}"
        ". --to huggingface writes it for transformers."
    )


def _built(cls: type, **arguments: Any) -> Any:
    try:
        return cls(**arguments)
    except ValueError as error:
        raise InputError(f"KerasHub cannot have its tokenizer: {str(error)[:300]}") from None


def _words(vocabulary: dict[str, int], added: list[dict[str, Any]]) -> list[str]:
    """The tokens by their ids; what an id has no token for has a name that no text has."""
    by_id = {number: token for token, number in vocabulary.items()}
    by_id |= {token["id"]: token["content"] for token in added}
    return [by_id.get(number, f"[unused {number}]") for number in range(max(by_id) + 1)]


def _casing(settings: dict[str, Any]) -> tuple[bool, bool]:
    """Whether texts become lower case, and whether they lose their accents."""
    lowercase = accents = False
    found = [settings.get("normalizer") or {}]
    while found:
        one = found.pop()
        found += one.get("normalizers") or []
        if one.get("type") == "BertNormalizer":
            lowercase |= bool(one.get("lowercase"))
            given = one.get("strip_accents")
            accents |= bool(one.get("lowercase") if given is None else given)
        lowercase |= one.get("type") == "Lowercase"
        accents |= one.get("type") == "StripAccents"
    return lowercase, accents
