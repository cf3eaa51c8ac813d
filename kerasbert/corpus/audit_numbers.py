"""What an audit says of labels that are numbers."""

from collections.abc import Iterator, Mapping

from kerasbert.corpus.findings import Finding
from kerasbert.text.kinds import LabelTally
from kerasbert.text.numbers import as_number

EXAMPLES = 3


def number_findings(tallies: Mapping[str, LabelTally]) -> Iterator[Finding]:
    """Labels that are no numbers, numbers that all have, and those beyond what training has.

    Args:
        tallies: the labels of each part, "train" first.
    """
    values: dict[str, dict[str, float]] = {}
    for name, tally in tallies.items():
        numbers = {label: as_number(label) for label in tally.counts}
        odd = [label for label, value in numbers.items() if value is None]
        count = sum(tally.counts[label] for label in odd)
        examples = [f"{label!r} (line {tally.first[label]})" for label in odd[:EXAMPLES]]
        yield Finding(
            f"{name}: labels that are no numbers", count, tally.documents, examples, harmful=True
        )
        values[name] = {label: value for label, value in numbers.items() if value is not None}
        if tally.counts:
            label, most = tally.counts.most_common(1)[0]
            what = f"{name}: documents with the most frequent number"
            yield Finding(what, most, tally.documents, [label])
    known = values["train"].values()
    for name, found in values.items():
        if name == "train" or not known:
            continue
        low, high = min(known), max(known)
        beyond = [label for label, value in found.items() if not low <= value <= high]
        yield Finding(
            f"{name}: numbers beyond those of train ({low:g} to {high:g})",
            sum(tallies[name].counts[label] for label in beyond),
            tallies[name].documents,
            [f"{label} (line {tallies[name].first[label]})" for label in beyond[:EXAMPLES]],
        )
