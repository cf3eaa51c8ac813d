"""Docstrings are found by parsing, cleaned, and split so that held-out modules stay unread."""

import json
import string

import pytest

from kerasbert.data.docstrings import (
    build,
    clean,
    find_files,
    main,
    read_docstrings,
    topic_of,
    waterfill,
)
from kerasbert.errors import InputError

FILLER = "this part of the package reads one value and gives another back to whoever asked for it"


def marker(package, number):
    """A word of letters that only this module uses."""
    a, b = divmod(number, 26)
    return f"{package}{string.ascii_lowercase[a]}{string.ascii_lowercase[b]}word"


def words_of(mark):
    """Eighteen words that only this module uses: no 8-gram is shared but by design."""
    return " ".join(mark + 2 * letter for letter in string.ascii_lowercase[:18])


@pytest.fixture
def folder(tmp_path):
    """Two packages of 60 modules each, with one module that does not parse and one of tests."""
    for package in ("alpha", "beta"):
        root = tmp_path / "site" / package
        (root / "tests").mkdir(parents=True)
        (root / "__init__.py").write_text("raise RuntimeError('parsed, never imported')\n")
        (root / "broken.py").write_text('"""brokenword"""\ndef (:\n')
        (root / "tests" / "__init__.py").write_text(f'"""testsword {FILLER}"""\n')
        for number in range(60):
            text = words_of(marker(package, number))
            (root / f"module_{number}.py").write_text(
                f'"""Module {text}."""\n'
                f'class C:\n    """Class {text} {FILLER}."""\n'
                f'def f():\n    """Function {text} short."""\n'
            )
    return tmp_path / "site"


def run(folder, out, **settings):
    return build(out, packages=(folder,), min_words=19, min_label_documents=5, **settings)


def read(out, name):
    return (out / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def test_nothing_of_valid_or_test_modules_is_in_raw(folder, tmp_path):
    counts = run(folder, tmp_path / "out")
    assert counts["train"] and counts["valid"] and counts["test"]
    raw = read(tmp_path / "out", "raw")
    in_raw = {word for line in raw for word in line.split()}
    modules = {}
    for name in ("train", "valid", "test"):
        lines = read(tmp_path / "out", name)
        texts = [line.split(" __label__")[0] for line in lines]
        modules[name] = {text.split()[1] for text in texts}
        if name == "train":
            assert set(texts) <= set(raw)
        else:
            assert not modules[name] & in_raw
            assert not set(texts) & set(raw)
    assert not modules["valid"] & modules["test"]
    assert len(modules["train"] | modules["valid"] | modules["test"]) == 120
    assert not {"brokenword", "testsword"} & in_raw


def test_a_held_out_copy_of_a_training_text_is_left_out(folder, tmp_path):
    run(folder, tmp_path / "before")
    held_out = read(tmp_path / "before", "valid")[0]
    source = next(
        path
        for path in (folder / held_out.split("package::")[1].split()[0]).glob("module_*.py")
        if held_out.split()[1] in path.read_text()
    )
    copied = read(tmp_path / "before", "train")[0].split(" __label__")[0]
    source.write_text(f'"""Copied with another word. {copied}"""\n')
    counts = run(folder, tmp_path / "after")
    lines = read(tmp_path / "after", "valid") + read(tmp_path / "after", "test")
    assert not any("Copied" in line for line in lines + read(tmp_path / "after", "raw"))
    assert counts["valid"] < len(read(tmp_path / "before", "valid"))


def test_a_build_is_repeatable_and_keeps_to_its_number_of_documents(folder, tmp_path):
    one, two = (run(folder, tmp_path / name, documents=200) for name in ("one", "two"))
    assert one == two
    assert one["train"] + one["valid"] + one["test"] == 200
    for name in ("train", "valid", "test", "raw"):
        assert read(tmp_path / "one", name) == read(tmp_path / "two", name)
    lines = read(tmp_path / "one", "train")
    assert {label for line in lines for label in line.split(" __label__")[1:]} == {
        "package::alpha",
        "package::beta",
        "kind::module",
        "kind::class",
        "kind::function",
    }
    assert one["raw"] > one["train"]  # what was not drawn is still raw text


def test_long_texts_are_cut_and_raw_keeps_the_rest(folder, tmp_path):
    run(folder, tmp_path / "out", max_words=20)
    texts = [line.split(" __label__")[0] for line in read(tmp_path / "out", "train")]
    assert {len(text.split()) for text in texts} == {19, 20}
    raw = read(tmp_path / "out", "raw")
    assert any(line.endswith("whoever asked for it.") and len(line.split()) < 20 for line in raw)


def test_kinds_of_objects(tmp_path):
    path = tmp_path / "m.py"
    path.write_text(
        '"""Module."""\n'
        'class A:\n    """Class."""\n    async def f(self):\n        """Method."""\n'
        'if True:\n    def g():\n        """Function."""\n        def h():\n            """No."""\n'
    )
    found = [(docstring.text, docstring.kind) for docstring in read_docstrings(path, "p", "m")]
    assert found == [
        ("Module.", "module"),
        ("Class.", "class"),
        ("Method.", "method"),
        ("Function.", "function"),
    ]
    path.write_bytes(b'"""\xff"""')
    assert read_docstrings(path, "p", "m") == []


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("Add.\n\n>>> 1 + 1\n2\n\nMore.", "Add. More."),
        ("A\n=====\nuses::\n\n    x = 1\n\n    y\n\nAfter.", "A uses: After."),
        ("A\n```python\nx = 1\n```\nb", "A b"),
        (".. note::\n    Careful.\n.. math::\n\n    a + b\n\nEnd", "Careful. End"),
        (
            "See :class:`~pkg.sub.Name` and `pkg.f`, not otherpkg.f.",
            "See Name and f, not otherpkg.f.",
        ),
        ("The {a}[{b}](c) = {d}!!!!! [[[[", ""),
        ("Read https://example.org/pkg first", "Read first"),
    ],
)
def test_a_clean_docstring_is_english(docstring, expected):
    assert clean(docstring, "pkg") == expected


def test_topic_is_the_first_telling_part_of_the_module_name():
    assert topic_of("numpy", "linalg._linalg") == "numpy.linalg"
    assert topic_of("keras", "src.layers.core.dense") == "keras.layers"
    assert topic_of("stdlib", "email.parser") == "email"
    assert topic_of("numpy", "") is None


def test_waterfill_spends_the_total_on_the_small_first():
    assert waterfill([2, 100, 50], 32) == 15
    assert waterfill([2, 3], 100) == 3
    assert waterfill([], 5) == 0


def test_the_command_and_its_errors(folder, tmp_path, capsys):
    flags = ["--min-words", "19", "--min-label-documents", "5", "--packages", str(folder)]
    assert main(["--out", str(tmp_path / "out"), *flags]) == 0
    assert json.loads(capsys.readouterr().out)["labels"] >= 5
    assert main(["--out", str(tmp_path / "no"), "--packages", str(tmp_path / "none")]) == 2
    assert "expected a folder" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no document among 0 docstrings"):
        build(tmp_path / "no", packages=(tmp_path / "empty",))
    assert not (tmp_path / "no").exists()


def test_without_folders_the_running_interpreter_is_read():
    packages = find_files(())
    modules = {module: path for path, module in packages["stdlib"]}
    assert {"numpy", "stdlib"} <= set(packages)
    assert "kerasbert" not in packages
    assert not any(part == "site-packages" for module in modules for part in module.split("."))
    kinds = {docstring.kind for docstring in read_docstrings(modules["ast"], "stdlib", "ast")}
    assert kinds == {"module", "class", "function", "method"}
