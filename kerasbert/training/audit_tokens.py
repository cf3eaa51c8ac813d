"""What the tokenizer of a run makes of labelled files: a part of an audit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from kerasbert.batches.encoded import EncodedTexts
from kerasbert.choices import HeadName
from kerasbert.corpus.audit import sample_texts
from kerasbert.corpus.findings import Finding
from kerasbert.runs.folder import RunFolder
from kerasbert.text.fields import Fields
from kerasbert.tokenizer.unknown import unknown_in


def token_findings(
    run: str | Path,
    files: Mapping[str, Path],
    max_length: int,
    fields: Fields | None = None,
    limit: int | None = None,
    head: HeadName | None = None,
    say: Callable[[str], None] = print,
) -> list[Finding]:
    """How much of a sample of each file is unknown to a tokenizer, and how much is cut.

    Args:
        run: whose tokenizer is tried.
        files: labelled ones, by the names of their parts.
        max_length: positions beyond which a text is cut.
        fields: of labelled tables or records.
        limit: the first documents of each file only.
        head: what the labels are for.
        say: told what a reader should know of unknown characters.
    """
    tokenizer = RunFolder.open(run).tokenizer()
    findings = []
    for name, path in files.items():
        texts = sample_texts(path, fields=fields, limit=limit, head=head)
        encoded = EncodedTexts(texts, tokenizer, max_length)
        unknown = unknown_in(tokenizer, texts)
        for warning in unknown.warnings(name):
            say(warning)
        of = f"of {len(texts):,} sampled texts"
        findings += [
            Finding(f"{name}: unknown tokens {of}", encoded.unknown, encoded.tokens),
            Finding(f"{name}: characters of unknown tokens", unknown.characters, unknown.of),
            Finding(
                f"{name}: longer than {max_length} positions {of}", encoded.truncated, len(texts)
            ),
        ]
    return findings
