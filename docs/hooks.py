"""The page of commands, from what each `--help` says; and names that stay whole."""

import contextlib
import importlib
import io
import os
import re
from typing import Any

from mkdocs.structure.files import File, Files

PAGE = "reference/commands.md"
LONGEST_NAME = 32  # characters
OPENING = """# Commands

Each command is also a file (`python recipes/finetune.py --help`) and a function
(`kerasbert.recipes.finetune.run`). Exit status: 0 done, 2 wrong input, 130
interrupted with the state saved.
"""


def on_files(files: Files, config: Any) -> Files:
    """Add the page to those that lie in the folder."""
    files.append(File.generated(config, PAGE, content=commands_page()))
    return files


def on_page_content(html: str, **about: Any) -> str:
    """Names in code stay on one line, see site.css; longer code may wrap."""
    return re.sub(
        r"<code>([^<]+)</code>",
        lambda found: (
            f'<code class="name">{found[1]}</code>'
            if len(found[1]) <= LONGEST_NAME
            else found[0]
        ),
        html,
    )


def commands_page() -> str:
    """A section for each command, with its help as 80 columns show it."""
    from kerasbert.cli import find_recipes

    sections = [OPENING]
    for name in find_recipes():
        sections.append(f"## {name}\n\n```text\n{help_of(name)}\n```\n")
    return "\n".join(sections)


class Screen(io.StringIO):
    """A terminal, as the help is told: for a pipe it is wider than the page."""

    def isatty(self) -> bool:
        return True


def help_of(name: str) -> str:
    """What `kerasbert NAME --help` prints."""
    os.environ |= {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}
    text = Screen()
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
        importlib.import_module(f"kerasbert.recipes.{name}").main(["--help"])
    return re.sub(r"\x1b\[[0-9;]*m", "", text.getvalue()).strip()
