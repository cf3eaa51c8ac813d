"""What the settings in a `tokenizer.json` say."""

from collections.abc import Iterator
from typing import Any

# Texts that differ in a normal form alone are the same to these, too.
_INCLUDED_IN = {"NFC": {"NFC", "NFD", "NFKC", "NFKD"}, "NFKC": {"NFKC", "NFKD"}}


def nodes(component: Any) -> Iterator[dict[str, Any]]:
    """Walk a normalizer or pre-tokenizer of a tokenizer.json and all that it is composed of."""
    if isinstance(component, dict):
        yield component
        for part in component.get("normalizers") or component.get("pretokenizers") or ():
            yield from nodes(part)


def unknown_token(model: dict[str, Any]) -> str | None:
    """What a model makes of the unknown, if its file says it."""
    if isinstance(model.get("unk_id"), int):  # Unigram
        return model["vocab"][model["unk_id"]][0]
    return model.get("unk_token")


def types(component: Any) -> Iterator[str | None]:
    """What a normalizer is composed of, in order."""
    return (node.get("type") for node in nodes(component) if node.get("type") != "Sequence")


def lowers(normalizer: Any) -> bool:
    """Whether a normalizer lower-cases."""
    return any(
        node.get("type") == "Lowercase" or node.get("lowercase") is True
        for node in nodes(normalizer)
    )


def style_of(settings: dict[str, Any], segmenter: str | None) -> str:
    """One of the styles, or the kind of model of a foreign file."""
    if segmenter is not None:
        return segmenter
    model = (settings.get("model") or {}).get("type") or "unknown"
    if model == "WordLevel":
        kinds = {node.get("type") for node in nodes(settings.get("pre_tokenizer"))}
        return "char" if kinds & {"Split", "FixedLength"} else "word"
    return str(model).lower()


def with_form(settings: dict[str, Any], form: str) -> dict[str, Any] | None:
    """The settings with a Unicode normal form before all else; None where it is there already."""
    found = settings.get("normalizer")
    if next(iter(types(found)), None) in _INCLUDED_IN[form]:
        return None
    parts = [found] if found is not None else []
    return settings | {"normalizer": {"type": "Sequence", "normalizers": [{"type": form}, *parts]}}
