"""The flags of labelled data: what they say to readers, and what excludes each other."""

from pathlib import Path

import pytest

from kerasbert.errors import InputError
from kerasbert.ranges import check_numbers
from kerasbert.settings.data import DataSettings
from kerasbert.text.fields import Fields


def test_fields():
    assert DataSettings().fields() == Fields()
    given = DataSettings(
        text_field=("a", "b"),
        label_field=("c",),
        id_field="d",
        label_separator="|",
        columns=("a", "b", "c", "d", "e"),
    )
    assert given.fields(keep=("e",)) == Fields(
        ("a", "b"), "c", "d", "|", ("a", "b", "c", "d", "e"), ("e",)
    )
    with pytest.raises(InputError, match=r"'f': not among --columns a b c d e"):
        given.fields(keep=("f",))


def test_a_validation_part_comes_from_one_place():
    DataSettings().check_valid(Path("valid.csv"))
    DataSettings(valid_share=0.1).check_valid(None)
    with pytest.raises(InputError, match=r"--valid-share 0\.1: expected one of them, .* neither"):
        DataSettings().check_valid(None)
    with pytest.raises(InputError, match="received both"):
        DataSettings(valid_share=0.1).check_valid(Path("valid.csv"))
    with pytest.raises(InputError, match="--valid-share: expected 0 < valid_share < 1"):
        check_numbers({"valid_share": 1.0})
