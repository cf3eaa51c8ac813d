"""How large a vocabulary a corpus can teach."""

from kerasbert.tokenizer.tokenizer import Tokenizer

VOCABULARIES = (2000, 4000, 8000, 12000, 20000)
OCCURRENCES = 150  # of an entry on average, so that it can be learned


def propose_vocabulary(tokens: int) -> int:
    """Entries of the vocabulary for a corpus of so many tokens: each often enough to be learned."""
    fitting = [size for size in VOCABULARIES if tokens >= OCCURRENCES * size]
    return max(fitting, default=VOCABULARIES[0])


def vocabulary_note(entries: int, tokens: int, characters: int = 0) -> str:
    """What is to be said of a vocabulary that is too large for its corpus; empty where it isn't.

    Args:
        entries: of the vocabulary.
        tokens: of the corpus.
        characters: entries of one character, which a smaller vocabulary of word pieces needs, too.
    """
    suits = max(propose_vocabulary(tokens), characters * 3 // 2)
    enough = entries * OCCURRENCES <= tokens or entries <= VOCABULARIES[0]
    if enough or 3 * suits > 2 * entries:  # what is a little smaller is no remedy
        return ""
    return (
        f"its {entries:,} entries are met {tokens / entries:.0f} times each on average, which is"
        f" few: --vocab-size {suits} suits so much text"
    )


def single_characters(tokenizer: Tokenizer) -> int:
    """Entries of one character that word pieces cannot do without; 0 of other tokenizers."""
    if tokenizer.style != "wordpiece":
        return 0
    return sum(len(entry.removeprefix("##")) == 1 for entry in tokenizer.vocabulary)
