"""The debtags set: descriptions of Debian packages with the tags people gave them.

Built on a Debian or Ubuntu machine from what apt has already fetched: Packages files carry the tags
and Translation-en files the long descriptions.
"""

import bz2
import gzip
import lzma
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kerasbert.data.splits import (
    SPLITS,
    Document,
    bare_words,
    keep_frequent_labels,
    leave_out_near_duplicates,
    merge_same_text,
    one_line,
    run_command,
    split_of,
    write_set,
)
from kerasbert.errors import InputError

HELPER = Path("/usr/lib/apt/apt-helper")
FETCH = "apt-get update -o Acquire::Languages=en"
TELLING = 80  # characters from which a shared paragraph is no coincidence

_UNPACK = {".gz": gzip.decompress, ".xz": lzma.decompress, ".bz2": bz2.decompress}
_BULLET = re.compile(r"^[*+o·•-]+\s+")
_VERSION = re.compile(r"[\d.]+")


@dataclass
class Package:
    """A binary package: the family of its source, its tags, its description in paragraphs."""

    family: str
    tags: frozenset[str]
    paragraphs: list[str]


def read_list(path: Path) -> Iterator[dict[str, str]]:
    """The stanzas of one of apt's lists, compressed or not; a field keeps its line ends.

    Raises:
        InputError: if the file cannot be read or unpacked.
    """
    command = [str(HELPER), "cat-file", str(path)]
    try:
        if path.suffix in {".lz4", ".zst"}:
            content = subprocess.run(command, check=True, capture_output=True).stdout
        else:
            content = path.read_bytes()
            content = _UNPACK[path.suffix](content) if path.suffix in _UNPACK else content
        text = content.decode()
    except (OSError, EOFError, UnicodeError, lzma.LZMAError, subprocess.SubprocessError) as error:
        raise InputError(
            f"{path}: cannot be read ({error}). Expected one of apt's lists: UTF-8, plain or "
            f"packed as gz, xz, bz2, or as lz4 or zst where {HELPER} is there to unpack it."
        ) from error
    for stanza in re.split(r"\n{2,}", text):
        fields = re.findall(r"^([\w-]+):[ ]?(.*(?:\n[ \t].*)*)", stanza, re.MULTILINE)
        if fields:
            yield dict(fields)


def paragraphs_of(description: str) -> list[str]:
    """Synopsis, then the paragraphs of the long description: ` .` parts them, bullets go."""
    synopsis, *lines = description.split("\n")
    paragraphs: list[list[str]] = [[synopsis.strip().rstrip(".") + "."], []]
    for line in lines:
        bare = line.strip()
        if bare == ".":
            paragraphs.append([])
        else:
            paragraphs[-1].append(_BULLET.sub("", bare))
    return [text for part in paragraphs if (text := one_line(" ".join(part)))]


def tags_of(field: str) -> frozenset[str]:
    """`a::b, c::d` as a set, without the tags that speak of tagging itself."""
    tags = {"_".join(tag.split()) for tag in field.split(",") if tag.strip()}
    return frozenset(t for t in tags if not t.startswith("special::") and not t.endswith("::TODO"))


def read_packages(lists: Path) -> list[Package]:
    """Every package of the lists once: its tags of all lists, its first description.

    Raises:
        InputError: if there are no lists, or none with tags, or none with descriptions.
    """
    if not lists.is_dir():
        raise InputError(f"{lists}: expected apt's folder of lists; not a folder. Name it: --lists")
    translations = sorted(lists.glob("*Translation-en*"))
    descriptions: dict[str, str] = {}
    for path in translations:
        for fields in read_list(path):
            text = fields.get("Description-en", "")
            descriptions.setdefault(fields.get("Description-md5", ""), text)
    packages: dict[str, Package] = {}
    for path in sorted(lists.glob("*_Packages*")) + sorted(lists.glob("Packages*")):
        for fields in read_list(path):
            name = fields.get("Package", "")
            text = descriptions.get(fields.get("Description-md5", ""), "")
            if not text and "\n" in fields.get("Description", ""):
                text = fields["Description"]  # lists older than Translation files hold it whole
            if not text:
                continue
            source = fields.get("Source", name).split(" ")[0]
            family = _VERSION.sub("", source) or source
            found = packages.setdefault(name, Package(family, frozenset(), paragraphs_of(text)))
            found.tags |= tags_of(fields.get("Tag", ""))
    if not packages:
        raise InputError(
            f"{lists}: no long descriptions in apt's lists. Expected Packages files and "
            f"Translation-en files beside them, found {len(translations)} of the latter. "
            f"Fetch them as root: {FETCH}"
        )
    if not any(package.tags for package in packages.values()):
        raise InputError(
            f"{lists}: none of {len(packages)} packages has a tag. Expected `Tag:` fields, which "
            "Debian's own mirrors carry; use the lists of a Debian machine."
        )
    return list(packages.values())


def cut_boilerplate(packages: Sequence[Package], least: int) -> int:
    """Drops the paragraphs found in `least` families or more; returns how many there were."""
    families = defaultdict(set)
    for package in packages:
        for paragraph in package.paragraphs:
            families[_key(paragraph)].add(package.family)
    common = {key for key, found in families.items() if len(found) >= least}
    for package in packages:
        package.paragraphs = [p for p in package.paragraphs if _key(p) not in common]
    return len(common)


def group_families(packages: Iterable[Package]) -> dict[str, str]:
    """Family -> group: families that share a description or a long paragraph are one group."""
    parent: dict[str, str] = {}

    def root(family: str) -> str:
        while parent.setdefault(family, family) != family:
            parent[family] = parent[parent[family]]
            family = parent[family]
        return family

    first: dict[str, str] = {}
    for package in packages:
        shared = [p for p in package.paragraphs if len(p) >= TELLING]
        for text in [" ".join(package.paragraphs), *shared]:
            ends = root(first.setdefault(_key(text), package.family)), root(package.family)
            parent[max(ends)] = min(ends)
    return {family: root(family) for family in list(parent)}


def _key(text: str) -> str:
    return " ".join(bare_words(text))


def build(
    out: Path,
    lists: Path = Path("/var/lib/apt/lists"),
    min_words: int = 5,
    min_label_documents: int = 50,
    boilerplate_families: int = 20,
) -> dict[str, int]:
    """Write the debtags set: train.txt, valid.txt, test.txt, raw.txt, labels.tsv.

    Args:
        out: folder to write to.
        lists: apt's lists, with descriptions (apt-get update -o Acquire::Languages=en).
        min_words: shortest description.
        min_label_documents: a tag of fewer documents, over all splits, is dropped.
        boilerplate_families: a paragraph found in so many source packages is cut everywhere.

    Returns:
        The number of lines of each file, of labels, and of words in raw.txt.
    """
    from rich.console import Console

    with Console(stderr=True).status("building the debtags set"):
        return _build(out, lists, min_words, min_label_documents, boilerplate_families)


def _build(
    out: Path, lists: Path, min_words: int, min_label_documents: int, boilerplate_families: int
) -> dict[str, int]:
    packages = read_packages(lists)
    cut_boilerplate(packages, boilerplate_families)
    groups = group_families(packages)
    documents = merge_same_text(
        Document(text, package.tags, groups[package.family])
        for package in packages
        if len((text := " ".join(package.paragraphs)).split()) >= min_words
    )
    splits: dict[str, list[Document]] = {name: [] for name in SPLITS}
    for document in documents:
        splits[split_of(document.group)].append(document)
    raw = [document.text for document in splits["train"]]
    splits = keep_frequent_labels(splits, min_label_documents, counted=SPLITS)
    for name in ("valid", "test"):
        splits[name] = leave_out_near_duplicates(splits[name], raw)
    return write_set(out, splits, raw)


def main(argv: Sequence[str] | None = None) -> int:
    """The command: flags are the arguments of `build`."""
    return run_command(build, argv)


if __name__ == "__main__":
    raise SystemExit(main())
