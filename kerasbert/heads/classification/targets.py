"""What a loss on logits is given to compare them with: checked."""

from keras import ops

from kerasbert.layers.ids import checked_ids


def decisions(target, logits):
    """Targets (B, K) of the labels' own decisions, as they are.

    Raises:
        ValueError: they have another shape than the logits.
    """
    found, wanted = tuple(target.shape), tuple(logits.shape)
    if len(found) != len(wanted) or any(
        None not in pair and pair[0] != pair[1] for pair in zip(found, wanted, strict=True)
    ):
        raise ValueError(
            "Expected targets (B, K) for logits (B, K), a decision for each label. Received: "
            f"targets {found} for logits {wanted}. For class indices (B,) the kind is "
            '"multi-class" or "binary".'
        )
    return target


def class_indices(target, logits):
    """Class indices (B,) int32 in [0, K), and which `target` had not: see `checked_ids`.

    Args:
        target: (B,) or (B, 1).
        logits: (B, K).

    Raises:
        ValueError: another shape, K is 1, or indices that can be read and are others.
    """
    found, wanted = tuple(target.shape), tuple(logits.shape)
    if len(found) == len(wanted) and found[-1] == 1:
        target = ops.squeeze(target, axis=-1)
    if len(target.shape) != len(wanted) - 1 or wanted[-1] == 1:
        raise ValueError(
            "Expected class indices (B,) for logits (B, K) of two classes or more. Received: "
            f"targets {found} for logits {wanted}. For a decision of each label the kind is "
            '"multi-label".'
        )
    return checked_ids("class index", ops.cast(target, "int32"), wanted[-1])
