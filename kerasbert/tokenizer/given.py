"""The tokenizer that settings name."""

from kerasbert.errors import InputError
from kerasbert.settings.tokenizer import TokenizerSettings
from kerasbert.terminal import say
from kerasbert.tokenizer.special_ids import NO_MASK
from kerasbert.tokenizer.tokenizer import Tokenizer


def given_tokenizer(settings: TokenizerSettings) -> Tokenizer | None:
    """The tokenizer of `tokenizer_file`, or None where one is to be trained.

    Raises:
        InputError: settings of training beside it, or a file that is no tokenizer.
    """
    if settings.tokenizer_file is None:
        return None
    # A smaller vocabulary that the tokenizer shall get has a size of its own.
    sized = settings.vocab_size is not None and not getattr(settings, "vocabulary_from", ())
    if sized or not settings.lowercase:
        raise InputError(
            "--vocab-size and --no-lowercase are for a tokenizer that is trained: the one of "
            "--tokenizer-file is what it is."
        )
    # The file of a jieba tokenizer encodes segmented text: only its user knows that.
    segmenter = "jieba" if settings.tokenizer == "jieba" else None
    tokenizer = Tokenizer.load(settings.tokenizer_file, segmenter=segmenter)
    if tokenizer.special.mask is None:
        say(f"{settings.tokenizer_file}: {NO_MASK}: masked LM is not possible, all else is")
    return tokenizer
