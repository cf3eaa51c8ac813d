"""Which settings belong to which head: what is of another one than the run has is refused."""

from dataclasses import fields
from typing import Any, get_args

from kerasbert.choices import HeadName, LabelLoss, NumberLoss, TagLoss
from kerasbert.errors import InputError
from kerasbert.settings.answering import AnsweringSettings
from kerasbert.settings.classifier import ClassifierSettings
from kerasbert.settings.given import flags_of, given
from kerasbert.settings.regression import RegressionSettings
from kerasbert.settings.tagging import TaggingSettings

GROUPS: dict[HeadName, type] = {
    "classification": ClassifierSettings,
    "regression": RegressionSettings,
    "tagging": TaggingSettings,
    "answering": AnsweringSettings,
}
LOSSES: dict[HeadName, tuple[str, ...]] = {
    "classification": get_args(LabelLoss),
    "regression": get_args(NumberLoss),
    "tagging": get_args(TagLoss),
    "answering": get_args(TagLoss),  # of positions, as that of tags
}


def asked_head(settings: Any) -> HeadName | None:
    """The head that the settings name, or have a kind of; None where the data shall say.

    Raises:
        InputError: settings of two heads, or of another than they name.
    """
    head: HeadName | None = settings.head
    if head is None and settings.kind is not None:
        head = "classification"
    if head is not None:
        check_settings_of(settings, head)
    return head


def settings_of_others(head: HeadName | None) -> set[str]:
    """The names of what belongs to other heads than this one; none as long as it is open."""
    groups = [group for other, group in GROUPS.items() if head is not None and other != head]
    return {field.name for group in groups for field in fields(group)}


def check_settings_of(settings: Any, head: HeadName) -> None:
    """Refuse settings of another head than this one.

    Raises:
        InputError: naming the flags.
    """
    for other, group in GROUPS.items():
        if other != head and (names := list(given(settings, group))):
            raise InputError(
                f"{flags_of(names)}: for --head {other}, and this is {head}. Leave it out."
            )
    if settings.loss is not None and settings.loss not in LOSSES[head]:
        raise InputError(
            f"--loss {settings.loss}: expected one of {', '.join(LOSSES[head])} for {head}."
        )
    if getattr(settings, "label_smoothing", 0) and settings.loss not in (None, "cross-entropy"):
        raise InputError(f"--label-smoothing: not beside --loss {settings.loss}.")
