"""Model cards of what came from a public model, and of what leaves as one."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.files import write_text
from kerasbert.report.cards import HUB, listed, made_with, named, usage
from kerasbert.report.markdown import code, escaped, model_card, table
from kerasbert.report.run import ConfigJson, encoder_of

CLASSES = {  # of transformers, by what a folder holds: class, task, and how it is asked
    "encoder": ("AutoModel", "feature-extraction", "model(**batch).last_hidden_state"),
    "masked-lm": ("AutoModelForMaskedLM", "fill-mask", "model(**batch).logits"),
    "classifier": (
        "AutoModelForSequenceClassification",
        "text-classification",
        "model(**batch).logits",
    ),
    "tagger": (
        "AutoModelForTokenClassification",
        "token-classification",
        "model(**batch).logits",
    ),
    "answering": (
        "AutoModelForQuestionAnswering",
        "question-answering",
        "model(**batch).start_logits",
    ),
}


def converted_card(
    path: str | os.PathLike[str], title: str, result: Mapping[str, Any], config: ConfigJson
) -> None:
    """Write the card of a run that `kerasbert convert` made of a public model.

    Args:
        path: the file to write, whole or not at all.
        title: the name of the run.
        result: what metrics.json will hold.
        config: what config.json holds.
    """
    source = str((config.get("settings") or {}).get("source"))
    hub = HUB.match(source)
    answers = "head" in result
    what = {"classification": "text classifier", "regression": "model of numbers of texts"}.get(
        str(result.get("head")), "text encoder"
    )
    program = f'import kerasbert\n\nprint(kerasbert.load_predictor({title!r})(["a text"]))'
    commands = f"kerasbert predict --model {title} new.txt"
    if not answers:
        program = f"import kerasbert\n\nmodel = kerasbert.load_model({title!r})"
        commands = f"kerasbert embed --model {title} new.txt --out vectors.npy"
    unread = [f"{kind}: {', '.join(names)}" for kind, names in result["not_read"].items()]
    missing = f"Not read: {'; '.join(unread)}." if unread else "All of it was read."
    origin = code(hub[1] if hub else named(source))
    sections = [
        (
            "",
            f"The public {what} {origin} ({result['family']}) as a run of {made_with(config)}."
            f" Encoder: {encoder_of(config)}.",
        ),
        ("What is in it", escaped(missing)),
        ("How to use it", usage(program, commands)),
        ("Limits", listed([f"Licence, data and limits are those of {origin}: see its own card."])),
    ]
    metadata = {
        "library_name": "keras",
        "pipeline_tag": "text-classification" if answers else "feature-extraction",
        "tags": ["kerasbert", str(result["family"])],
        "base_model": hub[1] if hub else None,
    }
    write_text(path, model_card(metadata, title, sections))


def public_card(
    path: str | os.PathLike[str],
    title: str,
    holds: str,
    config: ConfigJson,
    left_out: Sequence[str],
    sentences: bool = False,
    figures: Sequence[Sequence[Any]] = (),
) -> None:
    """Write the card of a run that leaves for other libraries.

    Args:
        path: the file to write, whole or not at all.
        title: the name of the folder.
        holds: one of `CLASSES`.
        config: what config.json of the run holds.
        left_out: what no public class holds, in sentences.
        sentences: whether it is for sentence-transformers.
        figures: rows of a table, those of the run; the first is its heading.
    """
    name, task, asked = CLASSES[holds]
    program = (
        f"from transformers import {name}, AutoTokenizer\n\n"
        f"tokenizer = AutoTokenizer.from_pretrained({title!r})\n"
        f"model = {name}.from_pretrained({title!r})\n"
        'batch = tokenizer(["a text"], padding=True, truncation=True, return_tensors="pt")\n'
        f"print({asked})"
    )
    if sentences:
        task = "sentence-similarity"
        program = (
            "from sentence_transformers import SentenceTransformer\n\n"
            f'print(SentenceTransformer({title!r}).encode(["a text"]))'
        )
    settings = config.get("settings") or {}
    source = HUB.match(str(settings.get("pretrained") or settings.get("source")))
    metadata = {
        "library_name": "sentence-transformers" if sentences else "transformers",
        "pipeline_tag": task,
        "tags": ["kerasbert"],
        "base_model": source[1] if source else None,
    }
    sections = [
        ("", f"Made with {made_with(config)}. Encoder: {encoder_of(config)}."),
        ("How to use it", usage(program)),
        ("Figures", f"Of the run that it was made of:\n\n{table(figures)}" if figures else ""),
        ("What is not in it", listed([escaped(line) for line in left_out])),
    ]
    write_text(path, model_card(metadata, title, sections))
