"""One thing that an audit looked for."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Finding:
    """One thing that was looked for.

    Attributes:
        what: it, in words.
        count: how often it was found.
        of: among how many.
        examples: a few places, `file:line` or names.
        harmful: whether finding any at all distorts the figures of an evaluation.
    """

    what: str
    count: int
    of: int
    examples: list[str] = field(default_factory=list)
    harmful: bool = False

    def to_json(self) -> dict[str, Any]:
        """As a dict."""
        return dict(vars(self))
