"""What of a run can leave as a public model: its family, config and weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kerasbert.checkpoints.families import FAMILIES
from kerasbert.checkpoints.family import Family
from kerasbert.checkpoints.places import Arrays
from kerasbert.config import EncoderConfig, KerasHubConfig, TransformerConfig
from kerasbert.errors import InputError


@dataclass
class Leaving:
    """What goes into the folder, as it is put together."""

    tensors: Arrays
    config: dict[str, Any]
    holds: str = "encoder"
    left_out: list[str] = field(default_factory=list)


def family_leaving(architecture: EncoderConfig | None) -> Family:
    """The family whose class computes what an encoder does.

    Raises:
        InputError: there is none; with what would work.
    """
    remedy = (
        "no public class computes it, so it cannot leave. What can: a run that began with a public"
        " model (--pretrained FOLDER or hf://owner/name), or one of BERT's shape (pretrain"
        " --shape bert)."
    )
    if architecture is None:
        raise InputError(f"the run has an encoder of the user's own; {remedy}")
    if isinstance(architecture, KerasHubConfig):
        raise InputError(
            f"it holds a {architecture.backbone['class_name']} of KerasHub as it is, which cannot"
            " leave. What can: a run that began with a BERT, RoBERTa, DistilBERT or ELECTRA."
        )
    if architecture.encoder == "modernbert":
        return FAMILIES["modernbert"]
    if not isinstance(architecture, TransformerConfig):
        raise InputError(f"encoder {architecture.encoder}: {remedy}")
    if architecture.norm != "post" or architecture.positions != "learned":
        shape = f"norm {architecture.norm} and positions {architecture.positions}"
        raise InputError(f"encoder transformer with {shape}: {remedy}")
    each = architecture.d_model // architecture.heads
    if architecture.d_model % architecture.heads or {
        architecture.d_k or each,
        architecture.d_v or each,
    } != {each}:
        raise InputError(f"heads whose d_k or d_v is not d_model / heads: {remedy}")
    other = "electra" if architecture.embedding_width else "bert"
    return FAMILIES[architecture.model_type or other]


def reads_pairs(config: Mapping[str, Any]) -> bool:
    """Whether the encoder of a run has read two texts in one row."""
    return config.get("texts") == 2 and config.get("pair") != "apart"


def encoder_leaving(family: Family, config: EncoderConfig, arrays: Arrays, pairs: bool) -> Leaving:
    """The weights of embedding and encoder, and of a pooler, with their config.json."""
    model_type = config.model_type or family.model_types[0]
    values = {"model_type": model_type, **family.public(config, arrays)}
    leaving = Leaving({}, values)
    places = family.places(config)
    lost = [place.path for place in places if not place.names and arrays[place.path].any()]
    if lost == ["embedding/segment_table"] and not arrays[lost[0]][0].any():
        if pairs:
            raise InputError(
                f"it was trained on pairs, and {model_type} has no token types. What can leave:"
                " pairs with a public model that has them, such as BERT, or single texts."
            )
        leaving.left_out.append("Segments: the second text of a pair is as the first.")
    elif lost:
        raise InputError(
            f"training has changed {', '.join(lost)}, for which {model_type} has no place, so it"
            " cannot leave. What can: a run that began with BERT, RoBERTa, DistilBERT or ELECTRA."
        )
    pooler = [place for place in family.pooler(config) if place.path in arrays]
    for place in (*places, *pooler):
        leaving.tensors |= place.write(arrays[place.path])
    return leaving
