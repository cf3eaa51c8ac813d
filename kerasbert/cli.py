"""The `kerasbert` command: finds the recipes by name, and imports only the one asked for."""

import ast
import sys
from pathlib import Path

USAGE = """\
kerasbert: pre-train a text encoder on your own raw text, fine-tune it on your labels,
and see what that is worth.

usage: kerasbert COMMAND [flags]      kerasbert COMMAND --help      kerasbert --version

commands:"""

ORDER = (
    *("demo", "audit", "prepare", "pretrain", "finetune", "compare", "evaluate", "predict"),
    *("embed", "convert", "toy"),
)


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
    lines = [USAGE]
    for name, path in find_recipes().items():
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        lines.append(f"  {name:<10} {docstring.splitlines()[0] if docstring else ''}")
    return "\n".join(lines)


def _tell(text: str) -> int:
    from kerasbert.command import exit_status, standard_output

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
    if name not in find_recipes():
        print(f"kerasbert: there is no command {name!r}.\n\n{usage()}", file=sys.stderr)
        return 2
    import importlib

    return importlib.import_module(f"kerasbert.recipes.{name}").main(rest)


if __name__ == "__main__":
    sys.exit(main())
