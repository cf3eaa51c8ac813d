"""What an audit found, and what that means."""

from dataclasses import dataclass, field
from typing import Any

from kerasbert.choices import HeadName

MANY_LONG = 0.1  # of the texts, from which on it is said


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


@dataclass
class Audit:
    """What was found in labelled files.

    Attributes:
        findings: all that was looked for.
        statistics: of each part, see `part_statistics`.
        limit: documents of each file that were looked at; None for all.
        head: what the labels were taken for.
        note: a sentence on what the labels were taken for, where they may be meant otherwise.
        cuts: whether training cuts texts that are longer than a row.
    """

    findings: list[Finding]
    statistics: dict[str, dict[str, Any]]
    limit: int | None = None
    head: HeadName = "classification"
    note: str | None = None
    cuts: bool = True

    @property
    def harmful(self) -> list[Finding]:
        """What was found that distorts an evaluation."""
        return [finding for finding in self.findings if finding.harmful and finding.count]

    @property
    def verdict(self) -> str:
        """Whether one may train on these files, in a sentence."""
        where = f"In the first {self.limit:,} documents of each file: " if self.limit else ""
        if harmful := self.harmful:
            named = "; ".join(f"{finding.what} ({finding.count:,})" for finding in harmful[:2])
            more = f", and {len(harmful) - 2} more" if len(harmful) > 2 else ""
            text = f"Mend the files before you train: {named}{more}."
            return f"{where}{text[0].lower()}{text[1:]}" if where else text
        doubts = sum(finding.count > 0 for finding in self.findings)
        text = "Nothing found that distorts an evaluation"
        if doubts:
            lines = "line says" if doubts == 1 else f"{doubts} lines say"
            text += f"; the {lines} what to look at"
        if len(self.statistics) == 1:
            text += "; leaks were not looked for, they take --valid or --test"
        train = self.statistics["train"]
        if self.cuts and train["longer_share"] > MANY_LONG:
            text += (
                f"; {train['longer_share']:.0%} of the texts to learn from are longer than "
                f"{train['longer_than']:,} words: --max-length or --long windows reads more of them"
            )
        return f"{where}{text[0].lower()}{text[1:]}." if where else f"{text}."

    def to_json(self) -> dict[str, Any]:
        """As a dict: statistics, findings, harmful (how many), verdict and limit."""
        return {
            "statistics": self.statistics,
            "findings": [finding.to_json() for finding in self.findings],
            "harmful": len(self.harmful),
            "verdict": self.verdict,
            "limit": self.limit,
            **({"note": self.note} if self.note else {}),
        }
