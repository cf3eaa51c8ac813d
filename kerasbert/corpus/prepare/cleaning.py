"""What is done to documents before they are encoded: Unicode, and limits of their length.

Which documents are told again, word for word or nearly, is found afterwards: `duplicates.py`.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kerasbert.choices import Duplicates, UnicodeForm
from kerasbert.corpus.prepare.pieces import Document
from kerasbert.errors import InputError
from kerasbert.ranges import check_numbers


@dataclass(frozen=True)
class Cleaning:
    """How documents are cleaned; nothing is done unless it is asked for.

    Attributes:
        unicode: the normal form that texts are brought into, here and by the store's tokenizer, so
            that later commands read texts alike. Trained tokenizers compose (NFC) by themselves;
            NFKC also makes one of what looks alike, such as full-width letters and ligatures.
        min_characters, max_characters: shorter and longer documents are left out.
        duplicates: leave out documents that are told again, see `find_duplicates`.

    Raises:
        InputError: a limit that leaves nothing, or a package that is missing.
    """

    unicode: UnicodeForm | None = None
    min_characters: int | None = None
    max_characters: int | None = None
    duplicates: Duplicates | None = None

    def __post_init__(self) -> None:
        least, most = self.min_characters, self.max_characters
        check_numbers({"min_characters": least, "max_characters": most})
        if least is not None and most is not None and least > most:
            raise InputError(
                f"--min-characters {least} and --max-characters {most} leave no document:"
                " the first must not be larger."
            )
        if self.duplicates == "near" and importlib.util.find_spec("datasketch") is None:
            raise InputError(
                "finding near-duplicates needs the package datasketch, which is not installed."
                " Install it with: pip install kerasbert[clean]"
            )


def clean(
    documents: Iterable[Document], cleaning: Cleaning, dropped: Counter[str]
) -> Iterator[Document]:
    """Yield the documents that are kept, in the Unicode form asked for.

    Args:
        documents: of a piece.
        cleaning: what to do.
        dropped: counts how many were left out, by reason: "too short", "too long".
    """
    least = cleaning.min_characters or 0
    most = cleaning.max_characters
    for document in documents:
        text = document.text
        if cleaning.unicode is not None and not text.isascii():
            text = unicodedata.normalize(cleaning.unicode, text)
            document = Document(text, document.position)
        if len(text) < least:
            dropped["too short"] += 1
        elif most is not None and len(text) > most:
            dropped["too long"] += 1
        else:
            yield document
