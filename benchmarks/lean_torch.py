"""A masked-LM training step of BERT's mathematics in PyTorch's functions, without a module."""

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.masked_lm_size import ADAM_EPSILON, EPSILON, LEARNING_RATE, WEIGHT_DECAY, Size

Weights = dict[str, torch.Tensor]


def build(size: Size, weights: dict[str, np.ndarray]) -> Any:
    """What trains on a batch and returns its loss; weights by the paths of our model."""
    torch.manual_seed(0)
    # PyTorch's own order of the axes of a kernel.
    values = {
        path: torch.from_numpy(np.ascontiguousarray(value.T if "kernel" in path else value))
        for path, value in weights.items()
    }
    for value in values.values():
        value.requires_grad_()
    optimizer = torch.optim.AdamW(
        list(values.values()), LEARNING_RATE, weight_decay=WEIGHT_DECAY, eps=ADAM_EPSILON
    )

    def train(batch: dict[str, np.ndarray]) -> float:
        optimizer.zero_grad()
        loss = loss_of(values, {name: torch.from_numpy(batch[name]) for name in batch}, size)
        loss.backward()
        optimizer.step()
        return loss.item()

    return train


def loss_of(weights: Weights, batch: Weights, size: Size) -> torch.Tensor:
    """The mean cross-entropy of the masked positions."""

    def dropout(x: torch.Tensor) -> torch.Tensor:
        return functional.dropout(x, size.dropout)

    def norm(x: torch.Tensor, path: str) -> torch.Tensor:
        gamma, beta = weights[f"{path}/gamma"], weights[f"{path}/beta"]
        return functional.layer_norm(x, (size.d_model,), gamma, beta, EPSILON)

    def dense(x: torch.Tensor, path: str) -> torch.Tensor:
        return functional.linear(x, weights[f"{path}/kernel"], weights[f"{path}/bias"])

    ids = batch["token_ids"]
    rows, length = ids.shape
    heads = (rows, length, size.heads, size.d_model // size.heads)
    visible = (ids != 0)[:, None, None, :]
    hidden = functional.embedding(ids, weights["embedding/token_table"])
    hidden = hidden + functional.embedding(batch["segment_ids"], weights["embedding/segment_table"])
    hidden = hidden + weights["embedding/position_table"][:length]
    hidden = dropout(norm(hidden, "embedding/norm"))
    for number in range(size.layers):
        block = f"encoder/block_{number}"
        query, key, value = (
            part.reshape(heads).transpose(1, 2)
            for part in dense(hidden, f"{block}/attention/qkv").chunk(3, dim=-1)
        )
        context = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=visible, dropout_p=size.dropout
        )
        context = context.transpose(1, 2).reshape(hidden.shape)
        context = dropout(dense(context, f"{block}/attention/output"))
        hidden = norm(hidden + context, f"{block}/attention_norm")
        inner = functional.gelu(dense(hidden, f"{block}/feed_forward_inner"))
        inner = dropout(dense(inner, f"{block}/feed_forward_outer"))
        hidden = norm(hidden + inner, f"{block}/feed_forward_norm")
    index = batch["masked_positions"].long()[..., None].expand(-1, -1, size.d_model)
    states = functional.gelu(dense(hidden.gather(1, index), "masked_lm_transform"))
    states = norm(states, "masked_lm_norm")
    logits = functional.linear(states, weights["embedding/token_table"], weights["masked_lm/bias"])
    target, weight = batch["target"].long().flatten(), batch["weight"].flatten()
    nats = functional.cross_entropy(logits.flatten(0, 1), target, reduction="none")
    return (nats * weight).sum() / weight.sum()
