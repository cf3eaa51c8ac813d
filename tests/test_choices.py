"""Choices are written once, and each table that is looked up by a choice has all of its values."""

import ast
from pathlib import Path
from typing import get_args

import pytest

from kerasbert import choices, config

ROOT = Path(__file__).parents[1]
VALUES = {
    frozenset(get_args(choice)): name
    for name, choice in vars(choices).items()
    if len(get_args(choice)) > 1
}


def trees():
    for folder in ("kerasbert", "recipes"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path != Path(choices.__file__):
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


def test_choices_import_nothing():
    tree = ast.parse(Path(choices.__file__).read_text("utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in found] == ["from typing import Literal"]


def test_the_values_of_a_choice_are_written_nowhere_else():
    found = [
        f"{name}: {VALUES[values]}"
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Tuple | ast.List | ast.Set)
        if (values := frozenset(getattr(one, "value", None) for one in node.elts)) in VALUES
    ]
    assert found == ["recipes/toy.py: EncoderName"]  # see tests/recipes/test_result_tables.py


@pytest.mark.parametrize(
    "table, choice",
    [
        (config.CONFIGS, choices.EncoderName),
        (config.SIZES, choices.SizeName),
    ],
)
def test_a_table_has_every_value(table, choice):
    assert set(table) == set(get_args(choice))
