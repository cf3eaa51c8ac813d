"""The pins of `make oldest` are the lower bounds of pyproject.toml."""

import tomllib

import pytest
from needs_backend import ROOT
from oldest import pins


def test_each_lower_bound_becomes_a_pin():
    extras = {
        "a": ["torch~=2.13.0", "scikit-learn>=1.4,<2"],
        "b": ["h5py[x]>=3.9; os_name != 'nt'"],
    }
    project = {"dependencies": ["numpy>=1.26", "keras>=3.15"], "optional-dependencies": extras}
    found = ["h5py==3.9", "keras==3.15", "numpy==1.26", "scikit-learn==1.4"]
    assert pins(project, ["a", "b"]) == found
    assert pins(project, []) == found[1:3]
    with pytest.raises(ValueError, match="Received: 'numpy'"):
        pins({"dependencies": ["numpy"], "optional-dependencies": {}}, [])


def test_every_dependency_of_ours_has_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = pins(project, list(project["optional-dependencies"]))
    assert {"keras", "numpy", "tokenizers", "tyro"} <= {pin.split("==")[0] for pin in found}
