"""The `kerasbert` command: finds the recipes by name, and imports only the one asked for."""

import ast
import sys
from pathlib import Path

from kerasbert.commands.arguments import did_you_mean
from kerasbert.terminal import columns, say, wrapped

USAGE = """\
kerasbert: pre-train a text encoder on your own raw text, fine-tune it on your labels, \
and see what that is worth.

usage:
  kerasbert COMMAND [flags]
  kerasbert COMMAND --help
  kerasbert --version

commands:"""

ORDER = (
    *("demo", "audit", "prepare", "pretrain", "finetune", "compare", "evaluate", "predict"),
    *("embed", "convert", "toy"),
)


INDENT = 13  # of what a command does


def recipes_folder() -> Path:
    """Where the recipes are, without importing any."""
    from kerasbert import recipes

    return Path(recipes.__file__).parent


def find_recipes() -> dict[str, Path]:
    """Recipes by name, in the order in which one meets them."""
    found = {p.stem: p for p in recipes_folder().glob("*.py") if not p.stem.startswith("_")}
    rank = {name: number for number, name in enumerate(ORDER)}
    return dict(sorted(found.items(), key=lambda item: (rank.get(item[0], len(ORDER)), item[0])))


def usage() -> str:
    """The overview, with the first line of each recipe's docstring."""
    width = columns(sys.stdout)
    lines = [wrapped(USAGE, width)]
    for name, path in find_recipes().items():
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        about = docstring.splitlines()[0] if docstring else ""
        about = wrapped(about, width and max(width - INDENT, 20))
        lines.append(f"  {name:<{INDENT - 2}}" + about.replace("\n", "\n" + " " * INDENT))
    return "\n".join(lines)


def _tell(text: str) -> int:
    from kerasbert.commands.command import exit_status, standard_output

    def work() -> None:
        with standard_output():
            print(text)

    return exit_status(work, "kerasbert")


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] in ("-h", "--help", "help"):
        return _tell(usage())
    if argv[0] in ("-V", "--version"):
        from kerasbert import __version__

        return _tell(f"kerasbert {__version__}")
    name, rest = argv[0], argv[1:]
    if name not in (known := find_recipes()):
        close = did_you_mean(name, known)
        say(f"kerasbert: there is no command {name!r}{close} All commands: kerasbert --help")
        return 2
    import importlib

    return importlib.import_module(f"kerasbert.recipes.{name}").main(rest)


if __name__ == "__main__":
    sys.exit(main())
