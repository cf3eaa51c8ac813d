"""What one would use instead, trained on the same documents before the network is."""

from collections.abc import Mapping
from typing import Any

from kerasbert.errors import InputError
from kerasbert.heads.head import Head
from kerasbert.terminal import say


def train_rival(
    head: Head, documents: Mapping[str, list], asked: bool | None = None
) -> dict[str, Any]:
    """The part of metrics.json about the rival of a head.

    Args:
        head: it knows its rivals; the first one is taken.
        documents: of each part.
        asked: whether the user wants it; if it is quick unless given.

    Returns:
        "rival", its figures; where that is None, "rival_reason", if there is something to say.

    Raises:
        InputError: it was asked for and cannot be trained.
    """
    if asked is False:
        return {"rival": None, "rival_reason": "--no-rival"}
    found = next(iter(head.rivals(documents, quick=asked is None)), None)
    if found is None:
        if asked:
            raise InputError(f"--rival: {head.name} has none. Leave the flag out.")
        return {"rival": None}
    if "reason" in found:
        if asked:
            raise InputError(f"--rival: {found['name']}: {found['reason']}.")
        say(f"{found['name']}: left out, {found['reason']}")
        return {"rival": None, "rival_reason": f"{found['name']} was left out, {found['reason']}"}
    figures = ", ".join(
        f"{part} {found[part][head.best]:.3f}" for part in ("valid", "test") if part in found
    )
    say(f"{found['name']}: {figures}, in {found['seconds']:.1f} s")
    return {"rival": found | {"seconds": round(found["seconds"], 2)}}
