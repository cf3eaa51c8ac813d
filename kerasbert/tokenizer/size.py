"""How large a vocabulary a corpus can teach."""

VOCABULARIES = (2000, 4000, 8000, 12000, 20000)
OCCURRENCES = 150  # of an entry on average, so that it can be learned


def propose_vocabulary(tokens: int) -> int:
    """Entries of the vocabulary for a corpus of so many tokens: each often enough to be learned."""
    fitting = [size for size in VOCABULARIES if tokens >= OCCURRENCES * size]
    return max(fitting, default=VOCABULARIES[0])


def vocabulary_note(entries: int, tokens: int) -> str:
    """What is to be said of a vocabulary that is too large for its corpus; empty where it isn't."""
    if entries * OCCURRENCES <= tokens or entries <= VOCABULARIES[0]:
        return ""
    return (
        f"its {entries:,} entries are met {tokens / entries:.0f} times each on average, which is"
        f" few: --vocab-size {propose_vocabulary(tokens)} suits so much text"
    )
