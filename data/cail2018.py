"""CAIL2018, Chinese criminal cases labelled with their charges: JSON lines to labelled lines."""

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from kerasbert.data.splits import LABEL, labeled_line, one_line, run_command, write_lines
from kerasbert.errors import InputError

EXPECTED = '{"fact": "...", "meta": {"accusation": ["...", ...]}}'


def convert_line(line: str) -> str:
    """One JSON line as a labelled line; a case without charges has no labels.

    Raises:
        ValueError: saying what is wrong with the line.
    """
    try:
        case = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"not JSON ({error})") from error
    if not isinstance(case, dict) or not isinstance(case.get("fact"), str):
        raise ValueError("no text under `fact`")
    text = one_line(case["fact"])
    if not text:
        raise ValueError("an empty `fact`")
    meta = case.get("meta")
    charges = meta.get("accusation") if isinstance(meta, dict) else None
    if not isinstance(charges, list) or not all(isinstance(charge, str) for charge in charges):
        raise ValueError("no list of charges under `meta.accusation`")
    # A label is one word. The same charge twice is one label; the order stays.
    labels = list(dict.fromkeys("_".join(one_line(charge).split()) for charge in charges))
    if "" in labels:
        raise ValueError("an empty charge in `meta.accusation`")
    return labeled_line(text, labels)


def convert(data: Path, counts: dict[str, int], skip_bad_lines: bool = False) -> Iterator[str]:
    """The cases of a file as labelled lines; empty lines are ignored.

    Args:
        data: JSON lines in UTF-8, also `.gz`.
        counts: filled while lines are read: documents, unlabeled, skipped.
        skip_bad_lines: leave out what cannot be read, instead of stopping there.

    Raises:
        InputError: naming file and line.
    """
    counts.update(documents=0, unlabeled=0, skipped=0)
    try:
        with gzip.open(data) if data.suffix == ".gz" else data.open("rb") as file:
            for number, content in enumerate(file, start=1):
                try:
                    line = content.decode("utf-8-sig" if number == 1 else "utf-8")
                    if not line.strip():
                        continue
                    converted = convert_line(line)
                except ValueError as error:
                    if not skip_bad_lines:
                        raise InputError(
                            f"{data}:{number}: {error}. Expected UTF-8 text {EXPECTED}; mend the "
                            "line, or leave such lines out with --skip-bad-lines."
                        ) from error
                    counts["skipped"] += 1
                    continue
                counts["documents"] += 1
                counts["unlabeled"] += f" {LABEL}" not in converted
                yield converted
    except (OSError, EOFError) as error:
        raise InputError(f"{data}: cannot be read ({error}). Expected JSON lines.") from error
    if not counts["documents"]:
        raise InputError(f"{data}: no cases. Expected a line for each: {EXPECTED}")


def build(data: Path, out: Path, skip_bad_lines: bool = False) -> dict[str, int]:
    """Convert a file of CAIL2018's JSON lines to labelled lines.

    Args:
        data: file of JSON lines with `fact` and `meta.accusation`, also `.gz`.
        out: labelled file to write.
        skip_bad_lines: leave out lines that cannot be read, and count them.

    Returns:
        The number of documents, of those without a label, and of lines left out.
    """
    counts: dict[str, int] = {}
    write_lines(out, convert(data, counts, skip_bad_lines))
    return counts


def main(argv: Sequence[str] | None = None) -> int:
    """The command: flags are the arguments of `build`."""
    return run_command(build, argv)


if __name__ == "__main__":
    raise SystemExit(main())
