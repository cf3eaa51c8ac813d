"""The house: a floor imports only floors below it, and backends only where they are named."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# From the bottom; what stands on one line may import each other.
FLOORS = [
    {
        *("kerasbert.errors", "kerasbert.files", "kerasbert.backend", "kerasbert.memory"),
        *(
            "kerasbert.figures",
            "kerasbert.invocation",
            "kerasbert.ranges",
            "kerasbert.streams",
            "kerasbert.visible",
        ),
    },
    {"kerasbert.layers", "kerasbert.evaluation", "kerasbert.config", "kerasbert.text"},
    {"kerasbert.tokenizer", "kerasbert.report"},
    {"kerasbert.corpus"},
    {"kerasbert.tasks"},
    {"kerasbert.models", "kerasbert.batches"},
    {"kerasbert.runs"},
    {"kerasbert.inference"},
    {"kerasbert.training"},
    {"kerasbert.command", "kerasbert.flags", "kerasbert.options"},
    {"kerasbert.recipes", "kerasbert.data", "kerasbert.cli"},
]
BACKENDS = {"jax", "torch", "tensorflow"}
# Heavy or optional: only inside the function that needs it.
LAZY = {"matplotlib", "sklearn", "rjieba", "rich", "keras_hub", "transformers"}
WITHOUT_KERAS = tuple(
    f"kerasbert.{room}"
    for room in ("recipes", "text", "tokenizer", "corpus", "evaluation", "report")
)
LAZY |= {"zstandard", "pyarrow", "fsspec", "datasketch", "datasets"}


def sources():
    for folder in ("kerasbert", "recipes", "data"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if folder != "kerasbert":
                module = f"kerasbert.{module}"
            yield pytest.param(path, module.removesuffix(".__init__"), id=module)


SOURCES = list(sources())


def imports(tree: ast.AST):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            # `from kerasbert import x` may name a module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor(module: str) -> int | None:
    for number, names in enumerate(FLOORS):
        if any(module == name or module.startswith(f"{name}.") for name in names):
            return number
    return None


@pytest.mark.parametrize("path, module", SOURCES)
def test_no_arrow_runs_up(path, module):
    mine = floor(module)
    if module == "kerasbert":
        return  # hands out names of all floors, lazily
    assert mine is not None, f"{module} stands on no floor: add it to FLOORS"
    for name in imports(ast.parse(path.read_text(encoding="utf-8"))):
        other = floor(name)
        assert other is None or other <= mine, f"{module} imports {name}, from a floor above"


@pytest.mark.parametrize("path, module", SOURCES)
def test_a_backend_is_imported_only_in_a_module_named_for_it(path, module):
    for name in imports(ast.parse(path.read_text(encoding="utf-8"))):
        root = name.split(".")[0]
        assert root not in BACKENDS or path.stem == root, f"{module} imports {root}"


@pytest.mark.parametrize("path, module", SOURCES)
def test_heavy_libraries_are_imported_where_they_are_used(path, module):
    top = [
        node
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    for name in imports(ast.Module(top, [])):
        assert name.split(".")[0] not in LAZY, f"{module} imports {name} at its top"
        if module.startswith(WITHOUT_KERAS):
            assert name.split(".")[0] != "keras", f"{module} imports Keras"
