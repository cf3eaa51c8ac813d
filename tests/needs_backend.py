"""Which tests need Keras: found by following the imports of a test file, without importing it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = {"keras", "jax", "torch", "tensorflow"}
# Here commands are called by name, and most of them train.
FOLDERS = {ROOT / "tests" / "recipes"}
# Fixtures of tests/conftest.py that train or build layers.
FIXTURES = {"check_layer", "classifier_run"}


@cache
def needs_backend(path: Path) -> bool:
    """Whether anything that the file imports, now or inside of a function, imports Keras."""
    return path.parent in FOLDERS or _reaches_keras(path)


def _reaches_keras(path: Path) -> bool:
    seen, ahead = set(), [path]
    while ahead:
        path = ahead.pop()
        if path not in seen:
            seen.add(path)
            heavy, files = _next(path)
            if heavy:
                return True
            ahead += files
    return False


@cache  # nearly every test reaches the same hundreds of files: each is looked up once
def _next(path: Path) -> tuple[bool, tuple[Path, ...]]:
    """Whether a file itself imports Keras, and which files of ours it imports."""
    modules = _imports(path)
    if any(module.split(".")[0] in HEAVY for module in modules):
        return True, ()
    starts = [ROOT]
    if ROOT / "tests" in path.parents or ROOT not in path.parents:
        starts.append(path.parent)  # what test files share
    return False, tuple({f: None for m in modules for start in starts for f in _files(m, start)})


def _imports(path: Path) -> frozenset[str]:
    """Modules, and what may be one: `from kerasbert import x`, `kerasbert.x`."""
    return frozenset(_all_imports(ast.parse(path.read_text(encoding="utf-8"))))


def _all_imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (_home(f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield _home(f"{node.value.id}.{node.attr}")


def _home(name: str) -> str:
    """The module of a public name, which `kerasbert` imports when it is first used."""
    import kerasbert

    package, _, attribute = name.partition(".")
    return kerasbert._HOME.get(attribute, name) if package == "kerasbert" else name


def _files(module: str, start: Path) -> Iterator[Path]:
    """The files below a folder that are executed for a module; none for installed ones."""
    for folder in ("recipes", "data"):
        module = module.replace(f"kerasbert.{folder}", folder)
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        name = start.joinpath(*parts[:end])
        if name != ROOT / "kerasbert":  # hands out names of all files, lazily
            yield from (p for p in (name.with_suffix(".py"), name / "__init__.py") if p.exists())
