"""Real text that a machine has anyway, as a corpus to measure on: a paragraph a line.

    python -m benchmarks.speed.machine_text --out raw.txt [--megabytes 185] [--first FILE...]

Takes the files named by --first, then docstrings, comments, documentation and headers of this
Python and its packages, then /usr/share/doc, until there is enough. A paragraph comes once.
"""

import argparse
import ast
import gzip
import itertools
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

SHORTEST = 40  # characters of a paragraph
TEXT = {".md", ".rst", ".txt", ".html", ".pyi", ".h", ".hpp"}
_EMPTY_LINE = re.compile(r"\n\s*\n")
_COMMENT = re.compile(r"^\s*#(.{40,})$", re.MULTILINE)


def python_texts(folder: Path) -> Iterator[str]:
    """Docstrings and long comments of Python files, and whole files of text."""
    for path in sorted(folder.rglob("*")):
        if path.suffix != ".py" and path.suffix not in TEXT:
            continue
        try:
            text = path.read_text(encoding="utf-8")
            tree = ast.parse(text) if path.suffix == ".py" else None
        except (OSError, ValueError, SyntaxError, RecursionError):
            continue
        if tree is None:
            yield text
            continue
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        for node in ast.walk(tree):
            if isinstance(node, kinds) and (docstring := ast.get_docstring(node)):
                yield docstring
        yield from _COMMENT.findall(text)


def documentation(folder: Path) -> Iterator[str]:
    """Whatever below a folder is UTF-8, packed or not."""
    for path in sorted(folder.rglob("*")):
        try:
            data = path.read_bytes()
            yield (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
        except (OSError, ValueError, EOFError):
            continue


def paragraphs(texts: Iterator[str]) -> Iterator[str]:
    """The paragraphs of texts, each on one line, those met before left out."""
    seen: set[int] = set()
    for text in texts:
        for paragraph in _EMPTY_LINE.split(text):
            line = " ".join(paragraph.split())
            if len(line) >= SHORTEST and hash(line) not in seen:
                seen.add(hash(line))
                yield line


def main(argv: Sequence[str] | None = None) -> int:
    """Write the corpus, and say how large it is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--megabytes", type=float, default=185.0)
    parser.add_argument("--first", type=Path, nargs="*", default=[], help="a paragraph a line")
    options = parser.parse_args(argv)
    warnings.simplefilter("ignore")  # of the sources that are parsed
    folders = dict.fromkeys(sysconfig.get_paths()[name] for name in ("stdlib", "purelib"))
    texts = itertools.chain(
        (line for path in options.first for line in path.open(encoding="utf-8")),
        *(python_texts(Path(folder)) for folder in folders),
        documentation(Path("/usr/share/doc")),
    )
    written = 0
    with options.out.open("wb") as file:
        for line in paragraphs(texts):
            written += file.write(line.encode("utf-8", "replace") + b"\n")
            if written >= options.megabytes * 1e6:
                break
    print(f"{options.out}: {written / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
