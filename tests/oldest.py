"""The lowest versions that pyproject.toml allows, as pins for pip.

    python tests/oldest.py [EXTRA ...] > pins.txt

Every `name>=version` of the dependencies and of these extras becomes `name==version`. PyTorch is
left out: of its lower bound there is no build for processors alone where we test.
"""

import re
import sys
import tomllib
from pathlib import Path

LEFT_OUT = {"torch", "ruff", "mypy", "pre-commit"}  # the last three are no part of a test


def pins(project: dict, extras: list[str]) -> list[str]:
    """Of the `project` table of pyproject.toml: the pins, each name once, sorted.

    Raises:
        ValueError: a requirement without a lower bound.
    """
    wanted = list(project["dependencies"])
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    found = {}
    for requirement in wanted:
        match = re.match(r"([\w.-]+)(?:\[.*?\])?[^;]*?(?:>=|~=)\s*([\w.]+)", requirement)
        if match is None:
            raise ValueError(f"expected name>=version. Received: {requirement!r}")
        name, version = match.groups()
        if name not in LEFT_OUT:
            found[name] = version
    return [f"{name}=={version}" for name, version in sorted(found.items())]


if __name__ == "__main__":
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    print("\n".join(pins(tomllib.loads(text)["project"], sys.argv[1:])))
