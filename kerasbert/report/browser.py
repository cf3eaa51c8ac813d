"""Documents to look through: searched, filtered by what is wrong with them, opened one by one.

Nothing here knows what is predicted. A head says of each document which names it is found by, each
under a kind, such as "missed"; the filters and their counts follow from that. Without JavaScript
all documents stand there, and open.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kerasbert.report.tables import pairs
from kerasbert.visible import visible

MOST = 300  # documents on a page
CUT = 1500  # characters of a text
LEAD = 160  # of them before it is opened
SHOWN = 20  # documents at once; the script shows more when asked


@dataclass(frozen=True)
class Tag:
    """A name that is shown at a document, such as a label.

    Attributes:
        name: as people know it.
        look: "right", "missed", "wrong", or none.
        note: behind the name, such as a probability.
    """

    name: str
    look: str = ""
    note: str = ""


@dataclass(frozen=True)
class Shown:
    """One document of a browser.

    Attributes:
        place: where it stands, such as its line.
        texts: one, or two of a pair.
        note: behind the place.
        tags: what is shown at once.
        found: under each kind, the names that it is found by.
        figures: names and values for whoever opens it.
        drawn: HTML in the place of the texts, where something in them is marked.
    """

    place: str
    texts: Sequence[str]
    note: str = ""
    tags: Sequence[Tag] = ()
    found: Mapping[str, Sequence[str]] = field(default_factory=dict)
    figures: Mapping[str, object] = field(default_factory=dict)
    drawn: str = ""


@dataclass(frozen=True)
class Filters:
    """What documents can be filtered by.

    Attributes:
        kinds: the title of each kind, such as {"missed": "missed"}.
        name: what the names are, such as "label".
        pair: a title such as "confused with", and two kinds: a document is found by one name under
            the first and another under the second.
        wrong: the kinds that are mistakes; then documents without any can be asked for, too.
    """

    kinds: Mapping[str, str]
    name: str = "label"
    pair: tuple[str, str, str] | None = None
    wrong: Sequence[str] = ()


def document_browser(
    documents: Sequence[Shown],
    filters: Filters,
    names: Sequence[str] = (),
    key: str = "",
    name: str = "documents",
) -> str:
    """The browser as HTML; empty without documents.

    Args:
        documents: the first `MOST` of them are embedded.
        filters: what they are filtered by.
        names: the order of the names, which a cell of `matrix` refers to; others follow them.
        key: HTML that explains the looks of tags.
        name: the id of the browser.
    """
    documents = documents[:MOST]
    if not documents:
        return ""
    number: dict[str, int] = {}
    met = (one for document in documents for found in document.found.values() for one in found)
    for one in [*names, *met]:
        number.setdefault(one, len(number))
    articles = "\n".join(_document(document, number) for document in documents)
    return (
        f'<div class="browser" id="{name}" data-shown="{SHOWN}">'
        f"{_form(documents, filters, number)}{key}\n{articles}\n"
        '<p class="more" hidden><button type="button">Show more</button></p></div>'
    )


def _form(documents: Sequence[Shown], filters: Filters, number: Mapping[str, int]) -> str:
    """The filters; hidden until the script works them."""
    counts = dict.fromkeys(number, 0)
    for document in documents:
        for one in {one for found in document.found.values() for one in found}:
            counts[one] += 1
    options = _options(
        (str(number[one]), f"{visible(one)} ({count:,})") for one, count in counts.items() if count
    )
    kinds = dict(filters.kinds)
    data = ""
    if filters.pair is not None:
        title, first, second = filters.pair
        kinds["pair"] = title
        data = f' data-pair="{first} {second}"'
    if filters.wrong:
        kinds["none"] = "no mistake"
        data += f' data-wrong="{" ".join(filters.wrong)}"'
    parts = ['<label class="wide">Search <input type="search" name="words"></label>']
    if options:
        parts.append(f"<label>{_title(filters.name)} {_select('label', options)}</label>")
    if kinds:
        parts.append(f"<label>Error {_select('kind', _options(kinds.items()))}</label>")
    if options and filters.pair is not None:
        parts.append(f"<label hidden>With {_select('other', options)}</label>")
    return (
        f'<form class="filters" hidden{data}>{"".join(parts)}'
        '<button type="reset">Clear</button><output aria-live="polite"></output></form>'
    )


def _select(name: str, options: str) -> str:
    return f'<select name="{name}"><option value="">any</option>{options}</select>'


def _options(values: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f'<option value="{html.escape(value)}">{html.escape(title)}</option>'
        for value, title in values
    )


def _document(document: Shown, number: Mapping[str, int]) -> str:
    found = "".join(
        f' data-{kind}="{" ".join(str(number[one]) for one in names)}"'
        for kind, names in document.found.items()
        if names
    )
    tags = "".join(
        f"<span{f' class={tag.look}' if tag.look else ''}>{html.escape(visible(tag.name))}"
        f"{f' <i>{html.escape(tag.note)}</i>' if tag.note else ''}</span>"
        for tag in document.tags
    )
    note = f" · {html.escape(document.note)}" if document.note else ""
    lead = " ⇥ ".join(text[: LEAD + 1] for text in document.texts)
    lead = lead if len(lead) <= LEAD else lead[:LEAD] + " …"
    texts = document.drawn or "".join(
        f'<p class="text" dir="auto">{html.escape(_cut(t))}</p>' for t in document.texts
    )
    return (
        f'<details class="doc"{found}><summary><span class="note">'
        f"<bdi>{html.escape(visible(document.place))}</bdi>{note}</span>"
        f'<span class="lead" dir="auto">{html.escape(_clean(lead))}</span>'
        f'<span class="labels">{tags}</span></summary>'
        f"{texts}{pairs(document.figures)}</details>"
    )


def _cut(text: str) -> str:
    rest = len(text) - CUT
    return _clean(text if rest <= 0 else f"{text[:CUT]} … ({rest:,} more characters)")


def _clean(text: str) -> str:
    """Without what HTML cannot hold, such as NUL: control characters become U+FFFD."""
    return "".join("\ufffd" if one < " " and one not in "\t\n\r" else one for one in text)


def _title(name: str) -> str:
    return html.escape(name[:1].upper() + name[1:])
