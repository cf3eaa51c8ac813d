"""What is installed: every folder of the package, and every file that is no Python."""

import fnmatch
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "setuptools"
]


def test_every_package_is_installed():
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "kerasbert").rglob("__init__.py")
    }
    assert set(SETTINGS["packages"]) == found | set(SETTINGS["package-dir"])


def test_every_other_file_is_installed():
    for path in (ROOT / "kerasbert").rglob("*"):
        if path.is_dir() or path.suffix in (".py", ".pyc"):
            continue
        package = ".".join(path.parent.relative_to(ROOT).parts)
        patterns = SETTINGS["package-data"].get(package, ())
        assert any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns), path
