"""The token store of a pre-training: the one named, or one made from raw text on the way."""

from typing import Any

from kerasbert.corpus.prepare.engines import Engine, processors
from kerasbert.corpus.prepare.prepare_store import prepare_store
from kerasbert.corpus.prepare.sources import find_inputs
from kerasbert.corpus.store.token_store import TokenStore
from kerasbert.errors import InputError
from kerasbert.runs.folder import RunFolder
from kerasbert.settings.pretrain import PretrainSettings
from kerasbert.streams import is_stream
from kerasbert.terminal import say, throughput
from kerasbert.tokenizer.given import given_tokenizer
from kerasbert.tokenizer.size import propose_vocabulary
from kerasbert.tokenizer.vocabulary_change import told


def open_store(
    settings: PretrainSettings, folder: RunFolder, source: RunFolder | None
) -> TokenStore:
    """The store of --store, or one prepared from --corpus into the run's folder.

    Raises:
        InputError: text that cannot be read, or a store that does not suit the run or `source`.
    """
    path = settings.store or folder.file("store")
    begun = folder.file("config.json").exists()
    tokenizer = source.tokenizer() if source is not None else None
    if settings.store is None and not (begun and path.exists()):
        tokenizer = tokenizer or given_tokenizer(settings)
        if tokenizer is not None and "masked-lm" in settings.tasks:
            tokenizer.check_mask("--tasks masked-lm")
        with throughput("preparing") as progress:
            counts = prepare_store(
                settings.corpus,
                path,
                tokenizer=tokenizer,
                **(_for_training(settings) if tokenizer is None else settings.for_training()),
                corpus_format=settings.corpus_format,
                skip_bad_lines=settings.skip_bad_lines,
                limit=settings.limit,
                engine=Engine(workers=processors()),
                # Killed before it wrote its settings, nobody knows which flags made what it left.
                again=not begun,
                progress=progress,
            )
        for name in ("stripped_labels", "skipped_lines", "dropped"):
            if counts[name]:
                say(f"{name.replace('_', ' ')}: {counts[name]}")
    store = TokenStore.open(path)
    if "masked-lm" in settings.tasks:
        store.tokenizer.check_mask("--tasks masked-lm")
    store.unknown.check(str(path))
    for warning in store.unknown.warnings(str(path)):
        say(warning)
    changed = store.manifest.get("vocabulary", {})
    if changed and source is None:
        say(told(changed))
    known = {store.tokenizer.fingerprint(), changed.get("from")}
    if source is not None and source.tokenizer().fingerprint() not in known:
        raise InputError(
            f"{path}: the store was made with another tokenizer than {settings.pretrained}. "
            f"Prepare it with --tokenizer-file {settings.pretrained}/tokenizer.json, and "
            "--unicode only if that was given before, or pass --corpus."
        )
    return store


def _for_training(settings: PretrainSettings) -> dict[str, Any]:
    """How to train a tokenizer; under --minutes with a vocabulary that suits the corpus."""
    arguments = settings.for_training()
    asked = settings.minutes is None or settings.vocab_size is not None
    if asked or arguments["style"] != "wordpiece":
        return arguments
    named = [path for path in settings.corpus if not is_stream(path)]  # whose size is not known
    tokens = sum(source.size for source in find_inputs(named)) // 5 if named else 0
    size = propose_vocabulary(tokens)
    known = f"a corpus of about {tokens:,} tokens"
    say(f"--vocab-size {size} suits {known}; more entries where its characters need them")
    return arguments | {"vocabulary_size": size, "whole_alphabet": True}
