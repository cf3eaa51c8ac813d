"""The demo's data set: real English that is on every machine with Python, its docstrings.

Files of the standard library and of the installed packages are parsed, none is imported. A document
is a docstring; its labels are the package, the kind of object and the topic (the module).
"""

import ast
import gc
import re
import sysconfig
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from kerasbert.data.splits import (
    SPLITS,
    Document,
    keep_frequent_labels,
    leave_out_near_duplicates,
    merge_same_text,
    one_line,
    order_of,
    run_command,
    split_of,
    write_set,
)
from kerasbert.errors import InputError
from kerasbert.terminal import counting

# Not English about the package: tests, copies of other packages, and this package itself, whose
# docstrings would make the corpus change with every edit of ours.
SKIPPED = {"__pycache__", "site-packages", "dist-packages", "tests", "test", "testing", "idle_test"}
SKIPPED |= {"_vendor", "vendor", "vendored", "_vendored", "externals", "kerasbert"}
# Floors of a package that say nothing about a module's subject.
NO_TOPIC = {"src", "core", "lib", "python", "internal", "impl", "base", "utils", "util", "init"}
LARGEST_FILE = 400_000  # bytes; larger ones are generated

_ROLE = re.compile(r":[\w:+-]+:`([^`]*)`")
_DIRECTIVE = re.compile(r"\.\. [\w:-]+ ?::")
_CODE_DIRECTIVE = re.compile(r"\.\. (code|code-block|sourcecode|math|plot|testcode|ipython) ?::")
_SYMBOL = re.compile(r"[^\w\s]")
_NOISE = re.compile(r"`|\bhttps?://\S+")


RAW_WORDS = 15  # raw text takes shorter docstrings than the labelled files do


class Docstring(NamedTuple):
    """A cleaned docstring and where it stands."""

    text: str
    package: str
    module: str
    kind: str


def waterfill(sizes: Sequence[int], total: int) -> int:
    """The largest cap for which the capped sizes add up to at most `total`."""
    left = total
    for position, size in enumerate(sorted(sizes)):
        cap = left // (len(sizes) - position)
        if size > cap:
            return cap
        left -= size
    return max(sizes, default=0)


def clean(docstring: str, package: str) -> str:
    """The English of a docstring as one line: no examples, code blocks, rulers or markup.

    `package.module.name` becomes `name`: a text must not state its own labels as a rule.
    """
    kept = []
    fenced = example = False
    block: int | None = None  # a literal block goes on while lines are indented deeper than this
    for line in docstring.expandtabs().splitlines():
        bare = line.strip()
        indent = len(line) - len(line.lstrip())
        if bare.startswith(("```", "~~~")):
            fenced = not fenced
            continue
        example = bool(bare) and (example or bare.startswith(">>>"))
        if block is not None and bare and indent <= block:
            block = None
        if fenced or example or block is not None:
            continue
        directive = _DIRECTIVE.match(bare)
        if _CODE_DIRECTIVE.match(bare) or (bare.endswith("::") and not directive):
            block = indent
        if not directive and 2 * len(_SYMBOL.findall(bare)) <= len(bare):
            kept.append(re.sub("::$", ":", bare))
    text = _NOISE.sub("", _ROLE.sub(r"\1", " ".join(kept)))
    return one_line(re.sub(rf"(?<![\w.])~?{re.escape(package)}(\.\w+)*\.(\w+)", r"\2", text))


def _described(body: Sequence[ast.stmt], in_class: bool) -> Iterator[tuple[ast.stmt, str]]:
    """The classes and functions of a body; those inside a function are nobody's documentation."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield node, "class"
            yield from _described(node.body, True)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, "method" if in_class else "function"
        elif isinstance(node, ast.If | ast.Try):
            yield from _described([*node.body, *node.orelse], in_class)


def read_docstrings(path: Path, package: str, module: str) -> list[Docstring]:
    """The docstrings of one file; none where it cannot be read or parsed."""
    try:
        source = path.read_bytes()
        if b'"""' not in source and b"'''" not in source:
            return []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # other people's invalid escapes
            tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = []
    for node, kind in [(tree, "module"), *_described(tree.body, False)]:
        assert isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if docstring := ast.get_docstring(node):
            found.append(Docstring(clean(docstring, package), package, module, kind))
    return found


def _files(folder: Path) -> Iterator[Path]:
    """Python files below a package; folders that are no packages (headers, data) are passed by."""
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            if entry.name not in SKIPPED and (entry / "__init__.py").is_file():
                yield from _files(entry)
        elif entry.suffix == ".py" and not re.match(r"test_|conftest|.*_test\.py", entry.name):
            yield entry


def find_files(folders: Sequence[Path]) -> dict[str, list[tuple[Path, str]]]:
    """For each top-level package its files and their module names, shuffled by name.

    Args:
        folders: folders that hold packages; none: the standard library, as a package `stdlib`,
            and the site-packages of the running interpreter.
    """
    roots = {}
    if not folders:
        paths = sysconfig.get_paths()
        roots["stdlib"] = Path(paths["stdlib"])
        folders = [Path(paths["purelib"]), Path(paths["platlib"])]
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder}: expected a folder that holds Python packages; not one.")
        for entry in sorted(folder.iterdir()):
            if entry.name not in SKIPPED and (entry / "__init__.py").is_file():
                roots.setdefault(entry.name, entry)
    packages = {}
    for package, root in roots.items():
        modules = []
        for path in _files(root):
            parts = path.relative_to(root).with_suffix("").parts
            modules.append((path, ".".join(part for part in parts if part != "__init__")))
        packages[package] = sorted(modules, key=lambda entry: order_of(entry[1]))
    return packages


def topic_of(package: str, module: str) -> str | None:
    """`numpy.linalg` of numpy's linalg._linalg, `keras.layers` of keras' src.layers.core.dense."""
    parts = [part.strip("_") for part in module.split(".")]
    telling = [part for part in parts if part and part not in NO_TOPIC]
    if not telling:
        return None
    return telling[0] if package == "stdlib" else f"{package}.{telling[0]}"


def read_packages(folders: Sequence[Path], budget: int) -> list[Docstring]:
    """The docstrings of packages, at most `budget` bytes of source; see `find_files`."""
    packages = find_files(folders)
    sizes = {
        package: [size if (size := path.stat().st_size) < LARGEST_FILE else 0 for path, _ in files]
        for package, files in packages.items()
    }
    cap = waterfill([sum(of_files) for of_files in sizes.values()], budget)
    chosen = []
    for package, files in packages.items():
        read = 0
        for (path, module), size in zip(files, sizes[package], strict=True):
            if size and read + size <= cap:
                read += size
                chosen.append((path, package, module))
    return _read_all(chosen)


def _read_all(chosen: Sequence[tuple[Path, str, str]]) -> list[Docstring]:
    found = []
    collecting = gc.isenabled()
    gc.disable()  # syntax trees hold no cycles, and looking for some takes half of the time
    try:
        with counting("reading docstrings", len(chosen)) as progress:
            for source in chosen:
                found.extend(read_docstrings(*source))
                progress(1)
    finally:
        if collecting:
            gc.enable()
    return found


def _pieces(text: str, length: int) -> list[str]:
    words = text.split()
    return [" ".join(words[start : start + length]) for start in range(0, len(words), length)]


def _labeled(docstring: Docstring) -> Document:
    labels = {f"package::{docstring.package}", f"kind::{docstring.kind}"}
    if topic := topic_of(docstring.package, docstring.module):
        labels.add(f"topic::{topic}")
    group = f"{docstring.package}.{docstring.module}"
    return Document(docstring.text, frozenset(labels), group)


def _package(document: Document) -> str:
    return document.group.partition(".")[0]


def _split(
    found: Sequence[Docstring], min_words: int, max_words: int
) -> tuple[dict[str, list[Document]], list[str]]:
    """Documents by the split of their module, and the raw text of train's modules."""
    splits: dict[str, list[Document]] = {name: [] for name in SPLITS}
    raw: list[str] = []
    shortest = min(RAW_WORDS, min_words)
    for document in merge_same_text(_labeled(docstring) for docstring in found):
        split = split_of(document.group)
        pieces = _pieces(document.text, max_words)
        if split == "train":
            raw.extend(piece for piece in pieces if len(piece.split()) >= shortest)
        if pieces and len(pieces[0].split()) >= min_words:
            splits[split].append(document._replace(text=pieces[0]))
    for split in ("valid", "test"):
        splits[split] = leave_out_near_duplicates(splits[split], raw)
    return splits, raw


def _sample(splits: dict[str, list[Document]], total: int) -> dict[str, list[Document]]:
    """At most `total` documents: whole small packages, and as many of each large one."""
    sizes = Counter(_package(d) for documents in splits.values() for d in documents)
    cap = waterfill(list(sizes.values()), total)
    kept = set()
    taken: Counter[str] = Counter()
    everything = [document for documents in splits.values() for document in documents]
    for document in sorted(everything, key=lambda document: order_of(document.text)):
        package = _package(document)
        taken[package] += 1
        if taken[package] <= cap:
            kept.add(document)
    return {name: [d for d in documents if d in kept] for name, documents in splits.items()}


def build(
    out: Path,
    documents: int = 8000,
    min_words: int = 30,
    max_words: int = 120,
    min_label_documents: int = 20,
    megabytes: int = 50,
    packages: tuple[Path, ...] = (),
) -> dict[str, int]:
    """Write a data set of docstrings: train.txt, valid.txt, test.txt, raw.txt, labels.tsv.

    Args:
        out: folder to write to.
        documents: labelled documents, over all splits; large packages are cut to one common number.
        min_words: shortest labelled text.
        max_words: where a longer text is cut; raw.txt keeps the rest, in pieces of this length.
        min_label_documents: a label of fewer documents in train is dropped.
        megabytes: Python source to parse, over all packages; bounds the time.
        packages: folders that hold packages (default: the standard library and site-packages).

    Returns:
        The number of lines of each file, of labels, and of words in raw.txt.
    """
    found = read_packages(packages, megabytes * 1_000_000)
    whole, raw = _split(found, min_words, max_words)
    splits = keep_frequent_labels(_sample(whole, documents), min_label_documents)
    for name in SPLITS:
        if not splits[name]:
            raise InputError(
                f"{name}: no document among {len(found)} docstrings of "
                f"{len({docstring.package for docstring in found})} packages. Expected English "
                "docstrings in several packages; name other folders with --packages."
            )
    return write_set(out, splits, sorted(set(raw)))


def main(argv: Sequence[str] | None = None) -> int:
    """The command: flags are the arguments of `build`."""
    return run_command(build, argv)


if __name__ == "__main__":
    raise SystemExit(main())
