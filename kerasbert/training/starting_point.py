"""Where a fine-tuning begins: the tokenizer and the architecture."""

from dataclasses import replace

from kerasbert.config import EncoderConfig
from kerasbert.runs.folder import RunFolder
from kerasbert.settings.encoder import check_length
from kerasbert.settings.fine_tune import FineTuneSettings
from kerasbert.terminal import say
from kerasbert.tokenizer.given import given_tokenizer
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.training import train_tokenizer


def starting_point(
    settings: FineTuneSettings, source: RunFolder | None, train: list, said: set[str] | None
) -> tuple[Tokenizer, EncoderConfig | None]:
    """Tokenizer and architecture: those of --pretrained, or what the settings say.

    Args:
        settings: of the fine-tuning.
        source: the run of --pretrained.
        train: the documents to learn from, for a tokenizer of their own.
        said: see `say`.

    Returns:
        the architecture is None for a user's own encoder.

    Raises:
        InputError: they do not suit rows of that length, or masked LM beside.
    """
    if source is not None:
        tokenizer, architecture = source.tokenizer(), source.architecture()
        if note := source.special_note():
            say(note, said)
        if architecture is not None:  # earlier versions took padding to be id 0
            architecture = replace(architecture, pad_id=tokenizer.special.pad)
    else:
        texts = (text for document in train for text in document.texts)
        tokenizer = given_tokenizer(settings) or train_tokenizer(texts, **settings.for_training())
        architecture = settings.architecture(tokenizer.vocabulary_size, tokenizer.special.pad)
    check_length(architecture, settings.max_length)
    if settings.masked_lm:
        tokenizer.check_mask("--masked-lm")
    return tokenizer, architecture
