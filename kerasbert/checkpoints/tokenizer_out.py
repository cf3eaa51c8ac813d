"""The tokenizer files of a run that leaves for other libraries."""

import json
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers.processors import TemplateProcessing

from kerasbert.errors import InputError
from kerasbert.files import write_json, write_text
from kerasbert.tokenizer.tokenizer import Tokenizer

ROLES = ("pad", "unk", "cls", "sep", "mask")
SAMPLE = ("a b", "b")


def write_tokenizer(
    folder: Path, tokenizer: Tokenizer, length: int, segments: bool, pairs: bool
) -> None:
    """tokenizer.json and tokenizer_config.json.

    Args:
        folder: to write them to.
        tokenizer: of the run.
        length: positions of the longest text.
        segments: whether the model takes token types.
        pairs: whether texts are pairs, which then must have our form: `[CLS] a [SEP] b [SEP]`.

    Raises:
        InputError: a tokenizer that a file alone does not describe.
    """
    if tokenizer.segmenter is not None:
        raise InputError(
            f"the tokenizer cuts Chinese words by {tokenizer.segmenter} first, which no"
            " tokenizer.json can say. Pre-train with --tokenizer char or wordpiece for a model"
            " that can leave."
        )
    text = tokenizer.to_json()
    if not same_rows(text, tokenizer, pairs):
        text = _with_our_rows(text, tokenizer)
    names = {token["id"]: token["content"] for token in json.loads(text)["added_tokens"]}
    ids = {role: getattr(tokenizer.special, role) for role in ROLES}
    config: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": length,
        "model_input_names": [
            "input_ids", *(["token_type_ids"] if segments else []), "attention_mask"
        ],
        "clean_up_tokenization_spaces": False,
        **{f"{role}_token": names[number] for role, number in ids.items() if number in names},
    }  # fmt: skip
    write_text(folder / "tokenizer.json", text)
    write_json(folder / "tokenizer_config.json", config)


def same_rows(text: str, tokenizer: Tokenizer, pairs: bool) -> bool:
    """Whether a tokenizer.json puts special tokens where we do, in pairs, too, if these matter."""
    found = tokenizers.Tokenizer.from_str(text)
    first, second = (list(map(int, ids)) for ids in tokenizer.encode(list(SAMPLE)))
    cls, sep = tokenizer.special.cls, tokenizer.special.sep
    if found.encode(SAMPLE[0]).ids != [cls, *first, sep]:
        return False
    return not pairs or found.encode(*SAMPLE).ids == [cls, *first, sep, *second, sep]


def _with_our_rows(text: str, tokenizer: Tokenizer) -> str:
    found = tokenizers.Tokenizer.from_str(text)
    cls, sep = (found.id_to_token(number) for number in (tokenizer.cls_id, tokenizer.sep_id))
    found.post_processor = TemplateProcessing(
        single=f"{cls} $A {sep}",
        pair=f"{cls} $A {sep} $B:1 {sep}:1",
        special_tokens=[(cls, tokenizer.cls_id), (sep, tokenizer.sep_id)],
    )
    return found.to_str(pretty=True)
