"""The settings of labelled data: which fields hold what, and whether a part is set aside."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kerasbert.errors import InputError

if TYPE_CHECKING:
    from kerasbert.text.fields import Fields


@dataclass(frozen=True, kw_only=True)
class FieldSettings:
    """Which fields of a table (CSV, TSV, Parquet) or of JSON hold what; usual names are found."""

    text_field: tuple[str, ...] = ()
    """The field of the text; two make a pair."""
    label_field: tuple[str, ...] = ()
    """The field of the labels: a string, a number or a list. Several: each is a label, 1 or 0; of
    --head regression each is a number to predict."""
    id_field: str | None = None
    """The field that tells documents apart."""
    label_separator: str | None = None
    """What parts several labels in one string."""
    columns: tuple[str, ...] = ()
    """The names of the columns of a table without a header, from the left; ... as the last one
    where rows may have more."""

    def fields(self, keep: tuple[str, ...] = ()) -> "Fields":
        """As readers take them.

        Args:
            keep: further fields that stay with the documents.

        Raises:
            InputError: they exclude each other.
        """
        from kerasbert.text.fields import Fields

        if self.columns:
            unknown = {*self.text_field, *self.label_field, *keep, *filter(None, [self.id_field])}
            if unknown := unknown.difference(self.columns):
                raise InputError(
                    f"{sorted(unknown)[0]!r}: not among --columns {' '.join(self.columns)}. Name"
                    " one of these."
                )
        return Fields(
            text=self.text_field,
            label=self.label_field,
            id=self.id_field,
            label_separator=self.label_separator,
            columns=self.columns,
            keep=keep,
        )


@dataclass(frozen=True, kw_only=True)
class DataSettings(FieldSettings):
    """The fields of labelled data, and what is set aside where there is no validation file."""

    valid_share: float | None = None
    """Set this share of --train aside to choose by, where there is no --valid; near copies of a
    text stay on one side."""

    def check_valid(self, valid: Path | None) -> None:
        """Refuse both ways to get a validation part, and none.

        Raises:
            InputError: naming the flags.
        """
        if (valid is None) == (self.valid_share is None):
            found = "neither" if valid is None else "both"
            raise InputError(
                f"--valid FILE or --valid-share 0.1: expected one of them, received {found}."
            )
