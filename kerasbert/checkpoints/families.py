"""The families by the names of config.json."""

from kerasbert.checkpoints.bert import Bert
from kerasbert.checkpoints.distilbert import DistilBert
from kerasbert.checkpoints.electra import Electra
from kerasbert.checkpoints.family import Family
from kerasbert.checkpoints.modernbert import ModernBert
from kerasbert.checkpoints.public_folder import Settings
from kerasbert.checkpoints.roberta import Roberta
from kerasbert.errors import InputError

_ALL: list[Family] = [Bert(), Roberta(), DistilBert(), Electra(), ModernBert()]
FAMILIES: dict[str, Family] = {name: family for family in _ALL for name in family.model_types}


def family_of(settings: Settings) -> Family:
    """The family of a model.

    Raises:
        InputError: none of ours.
    """
    if (family := FAMILIES.get(str(settings.model_type))) is None:
        raise InputError(
            f"{settings.path}: model_type {settings.model_type!r} is not read, expected one of"
            f" {', '.join(FAMILIES)}."
        )
    return family
