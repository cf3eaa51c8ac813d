"""Every figure of docs/results comes from a file of benchmarks/results, and says where from."""

import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import results  # noqa: E402

TABLE = "| a | b |\n| --- | ---: |\n| x | 1 |\n"


def test_the_pages_are_those_of_the_files():
    for page, text in results.pages().items():
        assert page.read_text(encoding="utf-8") == text, f"{page.name}: make results"


def test_no_table_of_the_results_stands_outside():
    for page in (ROOT / "docs" / "results").glob("*.md"):
        rest = results.BLOCK.sub("", page.read_text(encoding="utf-8"))
        assert not re.search(r"^\|", rest, re.MULTILINE), page


@pytest.mark.parametrize("path", sorted(results.RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_result_names_no_folder_of_a_machine(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r'[" =]/(home|root|tmp|work|Users|mnt)/', text)


def test_a_result_says_where_it_comes_from(tmp_path):
    words = ["python", "-m", "x", "--train", "/data/me/train.txt", "--out=/data/out", "--seeds", 3]
    path = results.write_result("x", {"f1": 0.5}, words, TABLE, folder=tmp_path)
    found = json.loads(path.read_text())
    assert found["command"] == "python -m x --train train.txt --out=out --seeds 3"
    assert found["figures"] == {"f1": 0.5} and found["table"] == TABLE.strip()
    assert re.match(r"[0-9a-f]{10}", found["commit"]) and "cores" in found["machine"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found["date"])


PAGE = "# A\n\n## X\n\nOf x.\n\n<!-- result x -->\nold\n<!-- end -->\n\n## Y\n\nOf y.\n\n"
PAGE += "<!-- result y -->\n<!-- end -->\n\n<!-- missing -->\n<!-- end -->\n"


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A house with a page of two results, and a README."""
    (tmp_path / "docs" / "results").mkdir(parents=True)
    page, readme = tmp_path / "docs" / "results" / "page.md", tmp_path / "README.md"
    page.write_text(PAGE)
    readme.write_text("<!-- result y -->\nas it was\n<!-- end -->\n")
    monkeypatch.setattr(results, "ROOT", tmp_path)
    monkeypatch.setattr(results, "README", readme)
    monkeypatch.setattr(results, "_commit", lambda: "0123456789")
    return page, readme, tmp_path / "results"


def test_a_page_shows_a_result(house):
    page, readme, folder = house
    results.write_result("x", {"f1": 1}, "a command", TABLE, folder=folder)
    found = results.pages(folder)
    assert TABLE + "\n`a command`: " in found[page] and "commit 0123456789" in found[page]
    assert "## X\n\nOf x.\n\n<!-- result x -->\n| a | b |" in found[page]
    assert found[readme] == readme.read_text()
    (folder / "unused.json").write_text((folder / "x.json").read_text())
    with pytest.raises(ValueError, match="unused: expected on a page"):
        results.pages(folder)


def test_a_section_without_a_result_waits_and_is_named(house):
    page, _, folder = house
    results.write_result("x", {"f1": 1}, "a command", TABLE, folder=folder)
    found = results.pages(folder)[page]
    assert "<!-- waiting y\n## Y\n\nOf y.\n-->" in found
    seen = re.sub(r"<!--.*?-->", "", found, flags=re.DOTALL)
    assert re.findall(r"## .*", seen) == ["## X"]
    assert seen.strip().endswith("not been measured yet: `y`.")
    page.write_text(found)
    assert results.pages(folder)[page] == found  # it stays as it is
    results.write_result("y", {"f1": 1}, "another command", TABLE, folder=folder)
    shown = results.pages(folder)[page]
    assert re.findall(r"## .*", shown) == ["## X", "## Y"] and "`another command`" in shown
    assert "Of y.\n\n<!-- result y -->\n" in shown
    assert shown.endswith("<!-- missing -->\n<!-- end -->\n")


def test_a_result_without_a_table_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Received: 'no table'"):
        results.write_result("x", {}, "a command", "no table", folder=tmp_path)
