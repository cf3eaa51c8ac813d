"""Every figure of docs/results: one JSON file each in benchmarks/results, and the pages from them.

    python -m benchmarks.results
    python -m benchmarks.results --add NAME --figures FILE.json --table FILE.md --command "..."

The former writes the tables into the pages, between `<!-- result NAME -->` and `<!-- end -->`; the
latter makes benchmarks/results/NAME.json of what a program has left, and does the same. A result
names the commit, the machine in words, the command and the date. A section whose result nobody has
measured waits in a comment, `<!-- waiting NAME ... -->`, and is named where the page says
`<!-- missing -->`.
"""

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import describe, machine
from kerasbert.files import write_json, write_text

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
README = ROOT / "README.md"
KEYS = ("commit", "machine", "command", "date", "table", "figures")
BLOCK = re.compile(r"(<!-- result (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
SECTION = re.compile(
    r"^## (?:(?!^## ).)*?<!-- result (\w+) -->\n.*?<!-- end -->$", re.DOTALL | re.MULTILINE
)
WAITING = re.compile(r"^<!-- waiting (\w+)\n(.*?)\n-->$", re.DOTALL | re.MULTILINE)
MISSING = re.compile(r"(<!-- missing -->\n).*?(<!-- end -->)", re.DOTALL)


def write_result(
    name: str, figures: Any, command: str | Sequence[str], table: str, folder: Path = RESULTS
) -> Path:
    """benchmarks/results/NAME.json, and the pages that show it.

    Args:
        name: of the result, as in `<!-- result NAME -->`.
        figures: everything that was measured, as JSON takes it.
        command: that was run; of the paths in it the last part alone is kept.
        table: what the page shows, in Markdown.
        folder: of the results.

    Raises:
        ValueError: there is no table.
    """
    if not table.lstrip().startswith("|"):
        raise ValueError(f"table: expected a Markdown table. Received: {table[:80]!r}")
    words = command.split() if isinstance(command, str) else [str(word) for word in command]
    result = {
        "commit": _commit(),
        "machine": _machine(),
        "command": " ".join(_without_folders(word) for word in words),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "table": table.strip(),
        "figures": figures,
    }
    path = folder / f"{name}.json"
    write_json(path, result)
    if folder == RESULTS:
        write_pages()
    return path


def _without_folders(word: str) -> str:
    """A path without the folders that it lies in; another word as it is."""
    flag, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    return flag + equals + (Path(value).name if value.startswith(("/", "~", "..")) else value)


def _commit() -> str:
    """The commit at which something was measured, and whether the code was changed."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()

    code = ["kerasbert", "recipes", "data", "benchmarks/speed", "benchmarks/quality"]
    changed = git("status", "--porcelain", "--", *code)
    return git("rev-parse", "--short=10", "HEAD") + (" with changes" if changed else "")


def _machine() -> str:
    """The machine in words: no name of a host."""
    return describe(machine(os.getloadavg()[0]))


def pages(folder: Path = RESULTS) -> dict[Path, str]:
    """Each page that shows results, as it has to be.

    A section without a result waits, out of sight; in the README what stands there is left.

    Raises:
        ValueError: a result lacks a key, or is on no page.
    """
    results = {path.stem: _checked(path) for path in sorted(folder.glob("*.json"))}
    found, shown = {}, set()
    for page in [README, *sorted((ROOT / "docs" / "results").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        if page != README:
            text = _sections(text, results)
        shown |= {block[2] for block in BLOCK.finditer(text)}
        found[page] = BLOCK.sub(
            lambda block: (
                block[1] + _shown(results[block[2]]) + block[3] if block[2] in results else block[0]
            ),
            text,
        )
    if unused := set(results) - shown:
        raise ValueError(f"{', '.join(sorted(unused))}: expected on a page as <!-- result NAME -->")
    return found


def _sections(text: str, results: dict[str, Any]) -> str:
    """A page with those of its sections in sight that have a result, and the others named."""

    def seen(section: re.Match[str]) -> str:
        if section[1] not in results:
            return section[0]
        return f"{section[2]}\n\n<!-- result {section[1]} -->\n<!-- end -->"

    def hidden(section: re.Match[str]) -> str:
        if section[1] in results:
            return section[0]
        said = section[0].partition("<!-- result")[0].strip()
        return f"<!-- waiting {section[1]}\n{said}\n-->"

    text = SECTION.sub(hidden, WAITING.sub(seen, text))
    names = ", ".join(f"`{section[1]}`" for section in WAITING.finditer(text))
    said = f"Programs of `benchmarks` whose tables have not been measured yet: {names}.\n"
    return MISSING.sub(lambda block: block[1] + said * bool(names) + block[2], text)


def _checked(path: Path) -> dict[str, Any]:
    result = json.loads(path.read_text(encoding="utf-8"))
    if missing := [key for key in KEYS if not result.get(key)]:
        raise ValueError(f"{path.name}: expected {', '.join(KEYS)}. Missing: {', '.join(missing)}")
    return result


def _shown(result: dict[str, Any]) -> str:
    """The table, and where it comes from."""
    where = f"{result['date']}, commit {result['commit']}, {result['machine']}"
    return f"{result['table']}\n\n`{result['command']}`: {where}.\n"


def write_pages() -> list[Path]:
    """Write the pages that are not as they have to be."""
    changed = [page for page, text in pages().items() if page.read_text(encoding="utf-8") != text]
    for page in changed:
        write_text(page, pages()[page])
    return changed


def main(argv: Sequence[str] | None = None) -> int:
    """Write the pages, or add a result first."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--add", metavar="NAME", help="of a new result")
    parser.add_argument("--figures", type=Path, metavar="FILE.json", help="what a program left")
    parser.add_argument("--table", type=Path, metavar="FILE.md", help="and its table")
    parser.add_argument("--command", help="that was run")
    options = parser.parse_args(argv)
    if options.add is None:
        for page in write_pages():
            print(f"written: {page.relative_to(ROOT)}")
        return 0
    if None in (options.figures, options.table, options.command):
        parser.error("--add: expected beside --figures, --table and --command")
    lines = options.table.read_text(encoding="utf-8").splitlines()
    table = "\n".join(line for line in lines if line.startswith("|"))
    figures = json.loads(options.figures.read_text(encoding="utf-8"))
    print(f"written: {write_result(options.add, figures, options.command, table).name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
