"""A masked-LM training step of BERT's mathematics in PyTorch's functions, without a module."""

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.speed.masked_lm_size import ADAM_EPSILON, EPSILON, LEARNING_RATE, WEIGHT_DECAY, Size

ALL = slice(None)
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

    def dense(x: torch.Tensor, path: str, part: slice = ALL) -> torch.Tensor:
        return functional.linear(x, weights[f"{path}/kernel"][part], weights[f"{path}/bias"][part])

    def heads(x: torch.Tensor) -> torch.Tensor:
        split = x.reshape(len(x), -1, size.heads, size.d_model // size.heads)
        return split.transpose(1, 2)

    ids = batch["token_ids"]
    length = ids.shape[1]
    of_query, of_others = slice(size.d_model), slice(size.d_model, None)
    index = batch["masked_positions"].long()[..., None].expand(-1, -1, size.d_model)
    visible = (ids != 0)[:, None, None, :]
    hidden = functional.embedding(ids, weights["embedding/token_table"])
    hidden = hidden + functional.embedding(batch["segment_ids"], weights["embedding/segment_table"])
    hidden = hidden + weights["embedding/position_table"][:length]
    hidden = dropout(norm(hidden, "embedding/norm"))
    for number in range(size.layers):
        block = f"encoder/block_{number}"
        wanted = hidden
        if number == size.layers - 1:  # of the last block nothing else is read
            wanted = hidden.gather(1, index)
            query = dense(wanted, f"{block}/attention/qkv", of_query)
            others = dense(hidden, f"{block}/attention/qkv", of_others)
            key, value = others.chunk(2, dim=-1)
        else:
            query, key, value = dense(hidden, f"{block}/attention/qkv").chunk(3, dim=-1)
        context = functional.scaled_dot_product_attention(
            heads(query), heads(key), heads(value), attn_mask=visible, dropout_p=size.dropout
        )
        context = context.transpose(1, 2).reshape(wanted.shape)
        context = dropout(dense(context, f"{block}/attention/output"))
        hidden = norm(wanted + context, f"{block}/attention_norm")
        inner = functional.gelu(dense(hidden, f"{block}/feed_forward_inner"))
        inner = dropout(dense(inner, f"{block}/feed_forward_outer"))
        hidden = norm(hidden + inner, f"{block}/feed_forward_norm")
    states = functional.gelu(dense(hidden, "masked_lm_transform"))
    states = norm(states, "masked_lm_norm")
    logits = functional.linear(states, weights["embedding/token_table"], weights["masked_lm/bias"])
    target, weight = batch["target"].long().flatten(), batch["weight"].flatten()
    nats = functional.cross_entropy(logits.flatten(0, 1), target, reduction="none")
    return (nats * weight).sum() / weight.sum()
