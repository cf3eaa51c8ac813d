"""The debtags set from small lists in the form of apt's own."""

import gzip
import hashlib
import json
import lzma

import pytest

from kerasbert.data.debtags import (
    Package,
    build,
    cut_boilerplate,
    group_families,
    main,
    paragraphs_of,
    read_packages,
    tags_of,
)
from kerasbert.errors import InputError


def lists(folder, entries, pack=bytes, suffix=""):
    """Writes a Packages and a Translation-en file; an entry: name, source, tags, description."""
    folder.mkdir()
    packages, translations = [], []
    for name, source, tags, description in entries:
        digest = hashlib.md5(description.encode()).hexdigest()
        stanza = [f"Package: {name}", f"Description: {description.splitlines()[0]}"]
        stanza += [f"Source: {source}"] if source else []
        stanza += [f"Tag: {tags}"] if tags else []
        packages.append("\n".join([*stanza, f"Description-md5: {digest}", ""]))
        translations.append(
            f"Package: {name}\nDescription-md5: {digest}\nDescription-en: {description}\n"
        )
    for name, stanzas in (("_Packages", packages), ("_i18n_Translation-en", translations)):
        (folder / f"mirror{name}{suffix}").write_bytes(pack("\n".join(stanzas).encode()))
    return folder


ENTRIES = [
    ("libfoo1", "foo (1.2)", "role::shared-lib, devel::TODO,\n special::x", "foo\n One\n two.\n ."),
    ("bare", "", "", "a tool without tags\n Nobody tagged it yet."),
]


@pytest.mark.parametrize(
    ("pack", "suffix"), [(bytes, ""), (gzip.compress, ".gz"), (lzma.compress, ".xz")]
)
def test_packages_and_descriptions_are_joined(tmp_path, pack, suffix):
    packages = read_packages(lists(tmp_path / "lists", ENTRIES, pack, suffix))
    assert packages == [
        Package("foo", frozenset({"role::shared-lib"}), ["foo.", "One two."]),
        Package("bare", frozenset(), ["a tool without tags.", "Nobody tagged it yet."]),
    ]


def test_the_text_has_no_paragraph_marks_or_bullets():
    text = paragraphs_of("draws lines\n Can do:\n  * red\n  - blue\n .\n Two-sided\tlines -- yes.")
    assert text == ["draws lines.", "Can do: red blue", "Two-sided lines -- yes."]
    assert tags_of("a::b, c::d e,\n x::TODO, special::y,") == {"a::b", "c::d_e"}


def test_boilerplate_is_cut_everywhere():
    packages = [Package(f, frozenset(), [f"about {f}", "Shared 1."]) for f in ("a", "b", "b")]
    assert cut_boilerplate(packages, 3) == 0
    assert cut_boilerplate(packages, 2) == 1
    assert [package.paragraphs for package in packages] == [["about a"], ["about b"], ["about b"]]


def test_families_that_share_a_long_paragraph_are_one_group():
    long = (
        "a paragraph so long that no two sources would come to write it on their own, word by word"
    )
    packages = [
        Package("a", frozenset(), ["one", long]),
        Package("b", frozenset(), [long.upper(), "a bridge"]),
        Package("c", frozenset(), ["a bridge"]),  # short, and not the whole of b's description
        Package("d", frozenset(), ["Same whole"]),
        Package("e", frozenset(), ["same whole"]),
    ]
    assert group_families(packages) == {"a": "a", "b": "a", "c": "c", "d": "d", "e": "d"}


def test_the_set_keeps_sources_together_and_held_out_ones_out_of_raw(tmp_path):
    letters = "abcdefghijklmnopqrstuvwxyz"
    entries = []
    for number in range(200):
        mark = "".join(letters[int(digit)] for digit in str(number)) + "mark"
        text = f"{mark}\n " + " ".join(mark + 2 * letter for letter in letters[:12])
        entries.append((f"lib{mark}", mark, "role::lib, use::one", f"library of {text} once"))
        entries.append((f"{mark}-doc", mark, "role::doc", f"manual of {text} twice"))
        entries.append((f"{mark}-x", mark, "", f"untagged part of {text} thrice"))
    counts = build(tmp_path / "out", lists(tmp_path / "lists", entries), min_label_documents=50)
    assert counts["labels"] == 3
    assert counts["train"] + counts["valid"] + counts["test"] == 400
    assert counts["raw"] == counts["train"] * 3 / 2  # with the untagged, and of train alone
    raw = (tmp_path / "out" / "raw.txt").read_text().splitlines()
    in_raw = {word for line in raw for word in line.split()}
    for name in ("valid", "test"):
        lines = (tmp_path / "out" / f"{name}.txt").read_text().splitlines()
        assert lines and not {line.split()[2] for line in lines} & in_raw
        assert len({line.split()[2] for line in lines}) == len(lines) / 2


def test_lists_without_descriptions_or_tags_name_the_remedy(tmp_path, capsys):
    folder = lists(tmp_path / "lists", ENTRIES)
    (folder / "mirror_i18n_Translation-en").unlink()
    with pytest.raises(InputError, match="apt-get update -o Acquire::Languages=en"):
        read_packages(folder)
    with pytest.raises(InputError, match="none of 1 packages has a tag"):
        read_packages(lists(tmp_path / "tagless", ENTRIES[1:]))
    with pytest.raises(InputError, match="not a folder"):
        read_packages(tmp_path / "none")
    assert main(["--out", str(tmp_path / "out"), "--lists", str(folder)]) == 2
    assert "long descriptions" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "content"), [("a_Packages.gz", b"x"), ("a_Packages", b"\xff")])
def test_a_damaged_list_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{name}: cannot be read"):
        read_packages(tmp_path)


def test_what_only_apt_can_unpack_is_left_to_its_helper(tmp_path, monkeypatch):
    folder = lists(tmp_path / "lists", ENTRIES, suffix=".lz4")
    helper = tmp_path / "apt-helper"
    monkeypatch.setattr("kerasbert.data.debtags.HELPER", helper)
    with pytest.raises(InputError, match="lz4: cannot be read"):
        read_packages(folder)
    helper.write_text('#!/bin/sh\ntest "$1" = cat-file && cat "$2"\n')
    helper.chmod(0o755)
    assert [package.family for package in read_packages(folder)] == ["foo", "bare"]


def test_the_command_prints_the_counts(tmp_path, capsys):
    folder = lists(
        tmp_path / "lists", [(f"p{n}", s, t, d) for n, (_, s, t, d) in enumerate(ENTRIES)]
    )
    flags = ["--lists", str(folder), "--min-words", "1", "--min-label-documents", "1"]
    assert main(["--out", str(tmp_path / "out"), *flags]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts["train"] + counts["valid"] + counts["test"] == counts["labels"]
