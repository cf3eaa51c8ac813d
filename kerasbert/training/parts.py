"""The parts of labelled data, train, valid and test: read, checked, and described."""

from collections.abc import Mapping

from kerasbert.batches.encoded import Windows
from kerasbert.batches.labeled import LabeledBatches
from kerasbert.errors import InputError
from kerasbert.heads.head import Head
from kerasbert.heads.recognized import recognized_head
from kerasbert.heads.registry import HEADS, claimed_head
from kerasbert.settings import CompareSettings, FineTuneSettings
from kerasbert.settings.heads import asked_head, check_settings_of
from kerasbert.streams import shown
from kerasbert.terminal import say
from kerasbert.text import LineProblems
from kerasbert.text.quick_audit import leaks
from kerasbert.text.split import share_note, split_documents
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.unknown import unknown_in


def read_parts(
    settings: FineTuneSettings | CompareSettings,
    said: set[str] | None = None,
    head: Head | None = None,
) -> tuple[dict[str, list], Head]:
    """The documents of each part, and what is to be predicted.

    Every part is checked against that here, before anything is trained.

    Args:
        settings: name the files, and what to leave out.
        head: the user's own; the one that the documents are for unless given.
        said: see `say`.

    Raises:
        InputError: a line that cannot be read or does not fit; single texts beside pairs.
    """
    given = {"train": settings.train, "valid": settings.valid, "test": settings.test}
    paths = {name: path for name, path in given.items() if path is not None}
    problems = LineProblems(skip=settings.skip_bad_lines)
    known = head or _named_head(settings)
    documents: dict[str, list] = {}
    if known is None:
        known, documents = _recognized(settings, problems, said)
    read = known.reader(settings) if isinstance(known, type) else known.read_documents
    for name, path in paths.items():
        if name not in documents:
            documents[name] = read(
                path, problems, settings.limit, settings.fields(), lambda line: say(line, said)
            )
    if settings.valid_share is not None:
        train, valid = split_documents(
            documents["train"], settings.valid_share, str(paths["train"]), known.strata
        )
        if note := share_note(len(valid), len(train) + len(valid), settings.valid_share):
            say(note, said)
        documents = {"train": train, "valid": valid} | {
            name: part for name, part in documents.items() if name != "train"
        }
        paths["valid"] = settings.train
    for name, part in documents.items():
        if len(part[0].texts) != len(documents["train"][0].texts):
            raise InputError(
                f"{paths[name]}: one of the files holds single texts, the other pairs; expected "
                f"the same as in {settings.train}."
            )
    notes: list[str] = []
    if settings.pair == "apart" and len(documents["train"][0].texts) < 2:
        raise InputError(
            f"--pair apart: expected pairs of texts, {settings.train} holds single texts."
        )
    if isinstance(known, type):
        head, documents, notes = known.from_settings(settings, documents, paths, problems)
    else:
        head, documents = known, known.prepare(documents, paths, problems)
    say_skipped(problems, said)
    for note in notes:
        say(note, said)
    return documents, head


def _named_head(settings: FineTuneSettings | CompareSettings) -> type[Head] | None:
    """The head that the settings ask for."""
    name = asked_head(settings)
    return HEADS[name] if name is not None else None


def _recognized(
    settings: FineTuneSettings | CompareSettings, problems: LineProblems, said: set[str] | None
) -> tuple[type[Head], dict[str, list]]:
    """The head that the training data are for, and these if it has them as they were read."""
    usual = HEADS["classification"]
    if (claimed := claimed_head(settings.train)) is not None:
        check_settings_of(settings, claimed)
        say(f"{shown(settings.train)}: its form says --head {claimed}", said)
        return HEADS[claimed], {}
    notes: list[str] = []
    train, skipped = settings.train, problems.skipped
    documents = usual.read_file(train, problems, settings.limit, settings.fields(), notes.append)
    name, note = recognized_head(documents, shown(train))
    check_settings_of(settings, name)
    if note is not None:
        say(note, said)
    if HEADS[name] is not usual:  # its own way to read finds other faults
        del problems.examples[:]
        problems.skipped = skipped
        return HEADS[name], {}
    for line in notes:
        say(line, said)
    return usual, {"train": documents}


def make_batches(
    settings: FineTuneSettings,
    head: Head,
    documents: Mapping[str, list],
    tokenizer: Tokenizer,
    said: set[str] | None,
) -> dict[str, LabeledBatches]:
    """Each part as batches, of which is said what they are.

    The head of the batches is the one that suits the tokenizer.

    Raises:
        InputError: texts that cannot be split, or that the tokenizer does not know.
    """
    train = documents["train"]
    pairs = len(train[0].texts) == 2
    windows = None
    if head.by_token:  # nothing is cut, whatever --long says
        windows = Windows(settings.shared_tokens, rows=True)
    elif settings.long == "windows":
        if pairs:
            raise InputError(
                f"--long windows: expected single texts, {settings.train} holds pairs."
            )
        windows = Windows(settings.shared_tokens, settings.windows)
    lead = settings.leading_positions(pairs)
    head, svm_note = head.fitted_to(tokenizer.vocabulary_size, lead, pairs)
    data = {
        name: LabeledBatches(
            part,
            tokenizer,
            head,
            max_length=settings.max_length,
            batch_size=settings.batch_size,
            seed=settings.seed,
            windows=windows,
            apart=settings.pair == "apart",
        )
        for name, part in documents.items()
    }
    _say_what_was_read(settings, head, documents, data, tokenizer, said)
    head, choice = head.suited_to(data, settings.seed)
    for part in data.values():
        part.head = head
    for note in (svm_note, choice):
        if note is not None:
            say(note, said)
    return data


def say_skipped(problems, said: set[str] | None = None) -> None:
    """Count the lines that --skip-bad-lines left out, if any, and show one."""
    if problems.skipped:
        say(f"{problems.skipped} lines were left out, such as {problems.examples[0]}", said)


def _say_what_was_read(
    settings: FineTuneSettings,
    head: Head,
    documents: Mapping[str, list],
    data: Mapping[str, LabeledBatches],
    tokenizer: Tokenizer,
    said: set[str] | None,
) -> None:
    """What is predicted, and of each part its size and what was cut, unlabelled or unknown."""
    say(head.about(pairs=len(documents["train"][0].texts) == 2), said)
    for warning in (*head.warnings(documents), *leaks(documents)):
        say(warning, said)
    for name, part in data.items():
        texts = part.texts
        notes = [f"{name}: {len(documents[name]):,} documents"]
        if len(texts) > len(documents[name]):
            notes.append(
                f"in {len(texts):,} rows: longer ones are windows of {settings.max_length}"
                " positions that overlap"
            )
        if texts.truncated:
            limit = f"{settings.max_length} positions"
            if settings.long == "windows":
                limit = f"{settings.windows} windows of {limit}"
            notes.append(f"{texts.truncated:,} longer than {limit} were cut")
        notes += part.notes(documents[name])
        warnings = []
        if texts.unknown or tokenizer.drops_unknown:
            unknown = unknown_in(tokenizer, [document.texts for document in documents[name]])
            if name == "train":
                unknown.check(str(settings.train))
            warnings = unknown.warnings(name)
            notes += [str(unknown)] * (unknown.notable and not warnings)
        for line in ("; ".join(notes), *warnings):
            say(line, said)
