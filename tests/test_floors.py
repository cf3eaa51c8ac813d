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
            "kerasbert.choices",
            "kerasbert.device",
            "kerasbert.figures",
            "kerasbert.growing_table",
            "kerasbert.invocation",
            "kerasbert.ranges",
            "kerasbert.streams",
            "kerasbert.terminal",
            "kerasbert.visible",
            "kerasbert.without_tensorflow",
        ),
    },
    {"kerasbert.layers", "kerasbert.evaluation", "kerasbert.config", "kerasbert.text"},
    {"kerasbert.settings"},
    {"kerasbert.tokenizer", "kerasbert.report"},
    {"kerasbert.heads"},
    {"kerasbert.corpus"},
    {"kerasbert.tasks"},
    {"kerasbert.models", "kerasbert.batches"},
    {"kerasbert.runs"},
    {"kerasbert.inference", "kerasbert.checkpoints"},
    {"kerasbert.training"},
    {"kerasbert.estimators"},
    {"kerasbert.commands"},
    {"kerasbert.data"},
    {"kerasbert.recipes"},
    {"kerasbert.cli"},
]
WITH_KERAS = {  # of the heads: what is built with a model
    "kerasbert.heads.answering.losses",
    "kerasbert.heads.regression.beginning",
    "kerasbert.heads.regression.losses",
    "kerasbert.heads.tagging.losses",
    *(f"kerasbert.heads.classification.{n}" for n in ("logits", "losses", "outputs", "targets")),
}
BACKENDS = {"jax", "torch", "tensorflow"}
# Heavy or optional: only inside the function that needs it.
LAZY = {"matplotlib", "sklearn", "sklearn_crfsuite", "rjieba", "rich", "keras_hub", "transformers"}
WITHOUT_KERAS = tuple(
    f"kerasbert.{room}"
    for room in (
        *("recipes", "settings", "text", "tokenizer", "corpus", "evaluation", "heads", "report"),
    )
)
LAZY |= {
    "safetensors",
    "huggingface_hub",
    "zstandard",
    "pyarrow",
    "fsspec",
    "datasketch",
    "datasets",
    "cleanlab",
}


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
        if module.startswith(WITHOUT_KERAS) and module not in WITH_KERAS:
            assert name.split(".")[0] != "keras", f"{module} imports Keras"


FILES = {  # of the package itself, which hands out names of all of its files
    module: ast.parse(path.read_text(encoding="utf-8"))
    for path, module in (source.values for source in SOURCES)
    if path.is_relative_to(ROOT / "kerasbert") and module != "kerasbert"
}
PACKAGES = {
    source.id.removesuffix(".__init__") for source in SOURCES if source.id.endswith(".__init__")
}
HANDED_ON = {
    f"{module}.{alias.asname or alias.name}": f"{node.module}.{alias.name}"
    for module, tree in FILES.items()
    if module in PACKAGES
    for node in tree.body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
}


def file_of(name: str) -> str | None:
    """The file that a dotted name of the package is, or is defined in."""
    while name in HANDED_ON and name not in FILES:
        name = HANDED_ON[name]
    return next((file for file in (name, name.rpartition(".")[0]) if file in FILES), None)


def imported_files(tree: ast.AST):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            above = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            yield from (file for alias in node.names if (file := file_of(above + alias.name)))


def find_circle(arrows: dict[str, set[str]]) -> list[str]:
    """The files of a circle, from one back to it; none where there is no circle."""
    done = set()

    def walk(trail: list[str]) -> list[str]:
        for name in sorted(arrows[trail[-1]] - done):
            if name in trail:
                return [*trail[trail.index(name) :], name]
            if circle := walk([*trail, name]):
                return circle
        done.add(trail[-1])
        return []

    return next((circle for name in sorted(arrows) if (circle := walk([name]))), [])


def test_recipes_are_commands_and_nobody_imports_them():
    """What they do is the library's; `kerasbert/cli.py` alone finds them, by name."""
    for folder in ("kerasbert", "recipes", "data", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path == ROOT / "kerasbert" / "cli.py":
                continue
            for name in imports(ast.parse(path.read_text(encoding="utf-8"))):
                assert not name.startswith("kerasbert.recipes"), f"{path} imports {name}"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "recipes").glob("*.py")), ids=lambda path: path.stem
)
def test_a_recipe_is_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 150


def test_what_keras_saves_by_name_has_a_name_of_its_own():
    """Of two classes of a name, a saved model would be loaded with the one imported last."""
    found = [
        node.name
        for param in SOURCES
        for node in ast.walk(ast.parse(param.values[0].read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
        and any("register_keras_serializable" in ast.unparse(by) for by in node.decorator_list)
    ]
    assert len(found) > 20 and sorted(found) == sorted(set(found))


def test_settings_know_no_command_line():
    for path in (ROOT / "kerasbert" / "settings").glob("*.py"):
        assert "tyro" not in set(imports(ast.parse(path.read_text(encoding="utf-8"))))


def test_no_files_import_each_other_in_a_circle():
    circle = find_circle({module: set(imported_files(tree)) for module, tree in FILES.items()})
    assert not circle, f"a circle of imports: {' -> '.join(circle)}"


def test_a_circle_is_found_and_named():
    assert find_circle({"a": {"b", "c"}, "b": set(), "c": {"d"}, "d": {"c"}}) == ["c", "d", "c"]
    assert find_circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_a_name_counts_as_the_file_that_defines_it():
    assert file_of("kerasbert.layers.dropout") == "kerasbert.layers.dropout"
    assert file_of("kerasbert.layers.Dropout") == "kerasbert.layers.dropout"
    assert file_of("kerasbert.layers") == "kerasbert.layers"
    assert file_of("kerasbert.tasks.TaskSettings") == "kerasbert.tasks"  # defined in its __init__
    assert file_of("keras.ops") is None
