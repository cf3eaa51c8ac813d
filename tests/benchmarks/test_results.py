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


def test_a_page_shows_a_result(tmp_path, monkeypatch):
    (tmp_path / "docs" / "results").mkdir(parents=True)
    page, readme = tmp_path / "docs" / "results" / "page.md", tmp_path / "README.md"
    page.write_text("# A\n<!-- result x -->\n<!-- end -->\n<!-- result y -->\n<!-- end -->\n")
    readme.write_text("<!-- result y -->\nas it was\n<!-- end -->\n")
    monkeypatch.setattr(results, "ROOT", tmp_path)
    monkeypatch.setattr(results, "README", readme)
    monkeypatch.setattr(results, "_commit", lambda: "0123456789")
    results.write_result("x", {"f1": 1}, "a command", TABLE, folder=tmp_path / "results")
    found = results.pages(tmp_path / "results")
    assert TABLE + "\n`a command`: " in found[page] and "commit 0123456789" in found[page]
    assert "<!-- result y -->\nNot measured yet.\n<!-- end -->" in found[page]
    assert found[readme] == readme.read_text()
    (tmp_path / "results" / "unused.json").write_text((tmp_path / "results" / "x.json").read_text())
    with pytest.raises(ValueError, match="unused: expected on a page"):
        results.pages(tmp_path / "results")


def test_a_result_without_a_table_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Received: 'no table'"):
        results.write_result("x", {}, "a command", "no table", folder=tmp_path)
