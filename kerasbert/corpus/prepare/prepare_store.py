"""From text to a token store: train or take a tokenizer, encode piece by piece, deal out to shards.

The store is the same to the byte for any engine and number of workers, and however often the work
was killed and gone on with. Memory does not grow with the corpus.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from kerasbert.corpus.prepare.cleaning import Cleaning
from kerasbert.corpus.prepare.cutting import cut
from kerasbert.corpus.prepare.duplicates import find_duplicates
from kerasbert.corpus.prepare.engines import Engine, Pool
from kerasbert.corpus.prepare.estimate import estimate
from kerasbert.corpus.prepare.jobs import (
    PieceJob,
    disk_trouble,
    encode_piece,
    file_stamp,
    plan_shards,
    read_record,
    write_shard_of,
)
from kerasbert.corpus.prepare.pieces import ReadOptions, check_any
from kerasbert.corpus.prepare.sampling import sample_share
from kerasbert.corpus.prepare.sources import Source, find_inputs, open_source
from kerasbert.corpus.prepare.training_sample import TokenizerSettings, train_on_sample
from kerasbert.corpus.prepare.workspace import Workspace
from kerasbert.corpus.store.manifest import TOKENIZER_FILE, read_manifest, write_manifest
from kerasbert.corpus.store.token_store import TokenStore
from kerasbert.errors import InputError
from kerasbert.files import write_json
from kerasbert.ranges import check_numbers
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.unknown import Unknown
from kerasbert.tokenizer.vocabulary_change import VocabularyChange, check_can_change
from kerasbert.tokenizer.vocabulary_change import told as what_changed

PIECE_BYTES = 4 << 20  # of the input: what a killed worker has to do again
SHARD_SIZE = 30_000_000  # tokens
LOOKED_AT = 1 << 20  # bytes of text whose unknown characters are counted
NO_CLEANING, IN_PROCESS = Cleaning(), Engine()


def prepare_store(
    corpus: Sequence[str | Path],
    out: str | Path,
    *,
    tokenizer: Tokenizer | None = None,
    style: str = "wordpiece",
    vocabulary_size: int = 20000,
    lowercase: bool = True,
    extend_vocabulary: int | None = None,
    vocabulary_from: Sequence[str | Path] = (),
    sample_bytes: int = 100 << 20,
    whole_alphabet: bool = False,
    corpus_format: str = "lines",
    text_field: str | None = None,
    text_column: str = "text",
    cleaning: Cleaning = NO_CLEANING,
    shard_size: int = SHARD_SIZE,
    engine: Engine = IN_PROCESS,
    skip_bad_lines: bool = False,
    limit: int | None = None,
    again: bool = False,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Encode raw text into a token store. Killed at any time, the same call goes on where it was.

    Args:
        corpus: what `find_inputs` takes, in this order.
        out: the folder to make.
        tokenizer: takes precedence over the next three, with which one is otherwise trained.
        style: see `kerasbert.tokenizer.tokenizer.STYLES`.
        vocabulary_size: the most entries of the vocabulary.
        lowercase: whether the trained tokenizer lower-cases.
        extend_vocabulary: give `tokenizer` so many words of the corpus, see `VocabularyChange`.
        vocabulary_from: or `vocabulary_size` tokens learned from this text, found as the corpus is.
        sample_bytes: of the uniform sample that a tokenizer or vocabulary is learned from.
        whole_alphabet: take more entries where the characters need them, see `train_tokenizer`.
        corpus_format: "lines" or "sentences", see `read_corpus`.
        text_field: of JSON and tables (CSV, TSV), see `find_inputs`.
        text_column: of Parquet.
        cleaning: which documents are left out or changed. The store's tokenizer brings texts into
            the Unicode form, too: a given one that does not is given another normalizer.
        shard_size: the most tokens of a shard.
        engine: where the work is done; the store does not depend on it.
        skip_bad_lines: leave out and count lines that cannot be read, instead of stopping.
        limit: take the first documents only.
        again: replace a store, or the beginning of one, that was made of something else.
        progress: called with the bytes of input that are encoded, and those of all inputs.
        say: told in a sentence what the work will take.

    Returns:
        documents, sentences, tokens, shards, dropped (documents left out) and why, unknown_share
        (of tokens), unknown_characters (a share, of a sample of some MB), vocabulary_size,
        stripped_labels (lines that lost labels), skipped_lines, skipped_examples.

    Raises:
        InputError: an input that cannot be read or has changed, a folder that is not empty, a wrong
            setting, a full disk: what was done is kept for the same call. A tokenizer that knows
            next to nothing of the text.
    """
    check_numbers({"shard_size": shard_size, "limit": limit})
    reading = ReadOptions(corpus_format, text_field or "text", text_column)
    form = cleaning.unicode
    if tokenizer is not None and form is not None:  # so that later commands read texts alike
        tokenizer = tokenizer.normalizing(form)
    change = None
    if extend_vocabulary is not None or vocabulary_from:
        if tokenizer is None:
            raise ValueError("Expected a tokenizer whose vocabulary shall change. Received: None")
        change = VocabularyChange(extend_vocabulary, vocabulary_size if vocabulary_from else None)
        check_can_change(tokenizer, change)
    work = Workspace(Path(out))
    if work.store.exists() and not work.store.is_dir():
        raise InputError(f"{out}: this is a file, a new folder was expected. Name another --out.")
    try:
        with work.hold(), engine.started() as pool:
            sources = find_inputs(corpus, work.spool, text_field)
            pieces = cut(sources, PIECE_BYTES)
            if len(pieces) > 1 and not work.store.exists():
                pool.warm()
            learned = find_inputs(vocabulary_from, None, text_field) if vocabulary_from else []
            stamps = {source.path: file_stamp(source.path) for source in sources}
            plan = {
                "inputs": _inputs(sources),
                "settings": {
                    **asdict(reading),
                    "tokenizer": tokenizer.style if tokenizer else style,
                    "tokenizer_given": tokenizer.fingerprint() if tokenizer else None,
                    "vocabulary_size": None if tokenizer and not learned else vocabulary_size,
                    "lowercase": tokenizer.lowercase if tokenizer else lowercase,
                    "tokenizer_sample": sample_bytes if change or not tokenizer else None,
                    "cleaning": asdict(cleaning),
                    "shard_size": shard_size,
                    "skip_bad_lines": skip_bad_lines,
                    "limit": limit,
                    # A store of an older version has a tokenizer that does not do this.
                    **({"normal_form": form} if form == "NFKC" and tokenizer is None else {}),
                    **({"whole_alphabet": True} if whole_alphabet and tokenizer is None else {}),
                    **({"extend_vocabulary": extend_vocabulary} if extend_vocabulary else {}),
                    **({"vocabulary_from": _inputs(learned)} if learned else {}),
                },
            }
            if not _is_new(work, plan, again):
                work.remove()
                return _result(TokenStore.open(out, verify=False), [])
            work.begin(plan, again)
            told = ""
            if not work.tokenizer.exists():
                if tokenizer is None or change is not None:
                    if say is not None:
                        megabytes = sum(source.size for source in sources) / 1e6
                        say(
                            f"{megabytes:,.1f} MB of input; first a"
                            f" {'vocabulary' if change else 'tokenizer'} is learned from a sample"
                            f" of at most {sample_bytes / (1 << 20):,.0f} MiB"
                        )
                    settings = TokenizerSettings(
                        tokenizer,
                        change,
                        style,
                        vocabulary_size,
                        lowercase,
                        sample_bytes,
                        whole_alphabet,
                    )
                    read = cut(learned, PIECE_BYTES) if learned else pieces
                    tokenizer, changed = train_on_sample(
                        read, settings, reading, cleaning, skip_bad_lines, limit, pool
                    )
                    if change is not None:
                        write_json(work.vocabulary, changed)
                tokenizer.save(work.tokenizer)
            segmenter = tokenizer.segmenter if tokenizer else _segmenter(style)
            looked_at = sample_share(sources, LOOKED_AT)
            jobs = [
                PieceJob(
                    number, piece, stamps[piece.source.path], work.pieces, work.tokenizer,
                    segmenter, reading, cleaning, skip_bad_lines, limit, looked_at,
                )
                for number, piece in enumerate(pieces)
            ]  # fmt: skip
            if say is not None and all(read_record(job.record) is None for job in jobs):
                told = estimate(jobs, engine.workers, work.folder.parent)
                say(told)
            records = _encode(jobs, pool, limit, progress)
            _write_store(work, plan, jobs[: len(records)], records, pool, segmenter)
            work.finish()
    except OSError as error:
        raise disk_trouble(work.folder, error) from error
    examples = [text for record in records for text in record["skipped_examples"]]
    store = TokenStore.open(out, verify=False)
    if say is not None and "vocabulary" in store.manifest:
        say(what_changed(store.manifest["vocabulary"]))
    if say is not None and "warning: " not in told:
        for warning in store.unknown.warnings("the corpus"):
            say(warning)
    return _result(store, examples[:5])


def _is_new(work: Workspace, plan: dict[str, Any], again: bool) -> bool:
    """Whether there is something to do: the store may be there already, from the same inputs."""
    if not work.store.is_dir() or not any(work.store.iterdir()):
        return True
    try:
        manifest = read_manifest(work.store)
    except InputError:
        manifest = {}
    if all(manifest.get(name) == plan[name] for name in plan):
        return False
    if not again or not manifest:
        raise InputError(
            f"{work.store}: the folder is not empty, and holds no store of these inputs and"
            " settings. Name a new --out, or remove it first."
        )
    work.discard_store()
    return True


def _inputs(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """What the manifest says of the inputs."""

    def checksum(source: Source) -> str:
        try:
            with open_source(source) as file:
                return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        except OSError as error:
            raise InputError(
                f"{source.path}: reading failed ({error.strerror or error})."
            ) from None

    with ThreadPoolExecutor(4) as pool:
        sums = pool.map(checksum, sources)
        return [
            {"name": source.name, "bytes": source.size, "sha256": found}
            for source, found in zip(sources, sums, strict=True)
        ]


def _encode(
    jobs: Sequence[PieceJob],
    pool: Pool,
    limit: int | None,
    progress: Callable[[int, int], None] | None,
) -> list[dict[str, Any]]:
    """Do the jobs that are not done, and return the records of all that are needed, in order."""
    records: dict[int, dict[str, Any]] = {}
    total = sum(job.piece.bytes for job in jobs)
    done = 0

    def keep(job: PieceJob, record: dict[str, Any]) -> None:
        nonlocal done
        records[job.number] = record
        done += job.piece.bytes

    def waiting() -> Iterator[PieceJob]:
        gapless = read = 0  # the first pieces that are done, and their documents
        for job in jobs:
            while gapless in records:
                read += records[gapless]["read"]
                gapless += 1
            if limit is not None and read >= limit:
                return
            if job.number not in records:
                yield job

    for job in jobs:
        if (record := read_record(job.record)) is not None:
            keep(job, record)
    if progress is not None:
        progress(done, total)
    for job, record in pool.run(encode_piece, waiting()):
        keep(job, record)
        if progress is not None:
            progress(done, total)
    needed = []
    left = limit
    for job in jobs:
        if left == 0:
            break
        record = records[job.number]
        if left is not None:
            # The piece in which the limit lies is read up to it: how many were begun beside each
            # other must make no difference.
            if record["read"] >= left and record["limit"] != left:
                record = encode_piece(replace(job, limit=left))
            left -= record["read"]
        needed.append(record)
    check_any(
        sum(record["read"] for record in needed),
        sorted({job.piece.source.shown for job in jobs}),
        sum(record["skipped_lines"] for record in needed),
        [text for record in needed for text in record["skipped_examples"]],
    )
    return needed


def _write_store(
    work: Workspace,
    plan: dict[str, Any],
    jobs: Sequence[PieceJob],
    records: Sequence[dict[str, Any]],
    pool: Pool,
    segmenter: str | None,
) -> None:
    """Deal the spills out to shards, and complete the store."""
    spills = [
        job.spill(number)
        for job, record in zip(jobs, records, strict=True)
        for number in range(record["chunks"])
    ]
    dropped: Counter[str] = Counter()
    unknown = Unknown()
    for record in records:
        dropped.update(record["dropped"])
        unknown += Unknown(**record.get("unknown", {}))  # an older version did not count them
    try:
        unknown.check("the corpus")
    except InputError:
        work.remove()  # with another tokenizer nothing of it can be used
        raise
    cleaning = jobs[0].cleaning
    if cleaning.duplicates is not None:
        signed = [spill.with_suffix(".npy") for spill in spills]
        found = find_duplicates(signed, cleaning.duplicates, work.folder / "duplicates")
        dropped["duplicate"] += sum(found)
    tokenizer = Tokenizer.load(work.tokenizer, segmenter)
    shards = list(
        plan_shards(
            iter(spills), work.result, plan["settings"]["shard_size"], tokenizer.vocabulary_size
        )
    )
    if not shards:
        raise InputError(
            f"{work.store}: no document is left to store, {sum(dropped.values())} were left out"
            f" ({', '.join(f'{why}: {count}' for why, count in sorted(dropped.items()))})."
            " Check the corpus."
        )
    entries = {job.path.name: read_record(job.record) for job in shards}
    undone = [job for job in shards if entries[job.path.name] is None]
    for job, entry in pool.run(write_shard_of, undone):
        entries[job.path.name] = entry
    for path in work.result.iterdir():
        if path.name not in entries:  # records, and what killed workers have left
            path.unlink()
    tokenizer.save(work.result / TOKENIZER_FILE)
    write_manifest(
        work.result,
        {
            "counts": {
                name: sum(entry[name] for entry in entries.values() if entry)
                for name in ("documents", "sentences", "tokens")
            }
            | {
                name: sum(record[name] for record in records)
                for name in ("stripped_labels", "skipped_lines")
            },
            "dropped": dict(sorted(dropped.items())),
            "unknown_characters": vars(unknown),
            "shards": [entries[job.path.name] for job in shards],
            "vocabulary_size": tokenizer.vocabulary_size,
            "segmenter": segmenter,
            "tokenizer_fingerprint": tokenizer.fingerprint(),
            **({"vocabulary": changed} if (changed := read_record(work.vocabulary)) else {}),
            **plan,
        },
    )


def _result(store: TokenStore, skipped_examples: list[str]) -> dict[str, Any]:
    unk = store.tokenizer.special.unk
    unknown = 0 if unk is None else sum(int(shard.token_counts[unk]) for shard in store.shards)
    return {
        **store.manifest["counts"],
        "shards": len(store.shards),
        "dropped": sum(store.manifest["dropped"].values()),
        **{f"dropped, {why}": count for why, count in store.manifest["dropped"].items()},
        "unknown_share": unknown / store.tokens,
        "unknown_characters": store.unknown.share,
        "vocabulary_size": store.tokenizer.vocabulary_size,
        "skipped_examples": skipped_examples,
    }


def _segmenter(style: str) -> str | None:
    return "jieba" if style == "jieba" else None
