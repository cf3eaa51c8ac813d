"""The settings of labelled data: which fields hold what, and whether a part is set aside."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasbert.errors import InputError

if TYPE_CHECKING:
    from kerasbert.text.fields import Fields


@dataclass(frozen=True, kw_only=True)
class TextFieldSettings:
    """Which fields of a table (CSV, TSV, Parquet) or of JSON hold text; usual names are found."""

    text_field: tuple[str, ...] = ()
    """The field of the text; two make a pair."""
    id_field: str | None = None
    """The field that tells documents apart."""
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
        return self._fields(keep)

    def _fields(
        self, keep: tuple[str, ...], label: tuple[str, ...] = (), separator: str | None = None
    ) -> "Fields":
        from kerasbert.text.fields import Fields

        if self.columns:
            unknown = {*self.text_field, *label, *keep, *filter(None, [self.id_field])}
            if unknown := unknown.difference(self.columns):
                raise InputError(
                    f"{sorted(unknown)[0]!r}: not among --columns {' '.join(self.columns)}. Name"
                    " one of these."
                )
        return Fields(
            text=self.text_field,
            label=label,
            id=self.id_field,
            label_separator=separator,
            columns=self.columns,
            keep=keep,
        )


def take_file(settings: Any) -> None:
    """Give `file` what a flag of several values took: `--keep id title new.csv`.

    Only a name with a dot or a slash of a file that is there is taken for one.

    Args:
        settings: with `file`, `keep` and those of `TextFieldSettings`.
    """
    if str(settings.file) != "-":
        return
    for name in ("text_field", "keep", "columns"):
        *others, last = getattr(settings, name) or ("",)
        if ("." in last or "/" in last) and Path(last).expanduser().is_file():
            object.__setattr__(settings, name, tuple(others))
            object.__setattr__(settings, "file", Path(last))


@dataclass(frozen=True, kw_only=True)
class FieldSettings(TextFieldSettings):
    """The same, and the fields that hold labels."""

    label_field: tuple[str, ...] = ()
    """The field of the labels: a string, a number or a list. Several: each is a label, 1 or 0; of
    --head regression each is a number to predict."""
    label_separator: str | None = None
    """What parts several labels in one string."""

    def fields(self, keep: tuple[str, ...] = ()) -> "Fields":
        """As readers take them; see `TextFieldSettings`."""
        return self._fields(keep, self.label_field, self.label_separator)


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
