"""Batches and the model that reads them must take the same id for padding."""

from kerasbert.errors import InputError


def check_padding(model, pad_id: int) -> None:
    """Refuse a model that would read padding as text, or text as padding.

    Args:
        model: with a layer "embedding", whose `pad_id` it masks (0 if it has none); any other model
            is let through.
        pad_id: what the batches are padded with.

    Raises:
        InputError: the two differ.
    """
    embedding = next((layer for layer in model.layers if layer.name == "embedding"), None)
    if embedding is None:
        return
    found = getattr(embedding, "pad_id", 0)
    if found != pad_id:
        raise InputError(
            f"the tokenizer pads with id {pad_id}, the model takes id {found} for padding. Make"
            f" the model anew, with pad_id={pad_id} in its config, or in its embedding layer."
        )
