"""One figure beside another, in words that agree with the digits that are shown."""


def difference(ours: float, theirs: float, more: str = "above", less: str = "below") -> str:
    """ "0.012 above", or "equal to" where three digits show no difference."""
    change = round(ours - theirs, 3)
    return f"{abs(change):.3f} {more if change > 0 else less}" if change else "equal to"
