"""Help says what is required first; a wrong flag or command is answered with the next one."""

import re

import pytest

from kerasbert import cli
from kerasbert.commands.arguments import arguments_of
from kerasbert.commands.help_page import COMMON, MOSTLY, ONE_OF

COMMANDS = list(cli.find_recipes())


def config_of(command):
    import importlib

    return importlib.import_module(f"kerasbert.recipes.{command}").Config


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_is_there_and_the_required_ones_come_first(command, capsys):
    assert cli.main([command, "--help"]) == 0
    page = capsys.readouterr().out
    assert "None" not in page
    arguments = arguments_of(config_of(command))
    places = {}
    for argument in arguments:
        named = argument.flags[0] if argument.flags else argument.name.upper()
        (place,) = [found.start() for found in re.finditer(rf"^  {named}\b(?!-)", page, re.M)]
        assert argument.help.split()[0] in page[place:]
        places[argument.name] = place
    heads = [page.find(f"\n{title}:") for title in ("required", "and one of", "common", "expert")]
    found = [place for place in heads if place >= 0]
    assert found == sorted(found)
    behind = min([place for place in heads[1:] if place >= 0], default=len(page))
    for argument in arguments:
        if argument.required or argument.name in MOSTLY.get(command, ()):
            assert places[argument.name] < behind


def test_the_groups_name_flags_that_there_are():
    known = {one.name for command in COMMANDS for one in arguments_of(config_of(command))}
    assert known >= COMMON
    for command, names in (ONE_OF | MOSTLY).items():
        assert {one.name for one in arguments_of(config_of(command))} >= {*names}


@pytest.mark.parametrize(
    "argv, said",
    [
        (["finetun"], "kerasbert: there is no command 'finetun'; did you mean finetune?"),
        (["toy", "--step", "5"], "kerasbert toy: there is no flag --step; did you mean --steps?"),
        (
            ["toy", "--encoder", "text-cn"],
            "kerasbert toy: --encoder: expected one of transformer, text-cnn, modernbert; received"
            " 'text-cn'; did you mean text-cnn?",
        ),
        (
            ["toy", "--steps=many"],
            "kerasbert toy: --steps: expected a whole number, 1 or more; received 'many'.",
        ),
        (["toy", "--sed=5"], "kerasbert toy: there is no flag --sed; did you mean --seed?"),
        (["finetune", "--epochs", "5"], "kerasbert finetune: expected --train PATH and --out PATH"),
        (["audit", "--train", "x", "--zzz"], "kerasbert audit: there is no flag --zzz."),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(argv, said, capsys):
    assert cli.main(argv) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(said) and shown.err.count("\n") == 1 and not shown.out


def test_an_underscore_is_as_good_as_a_dash(capsys, tmp_path):
    assert cli.main(["audit", "--max_length", "9", "--train", f"{tmp_path}/none"]) == 2
    assert "no such file" in capsys.readouterr().err


def test_each_example_is_a_command_of_its_own(capsys):
    assert cli.main(["convert", "--help"]) == 0
    said = capsys.readouterr().out
    assert "\nexamples:\n  kerasbert convert all-MiniLM-L6-v2 --out" in said
    assert "\n  kerasbert convert runs/tags --to huggingface --out" in said
    assert "Example:" not in said
