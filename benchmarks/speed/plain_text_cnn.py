"""Our TextCNN classifier as one would write it in PyTorch alone, of the same mathematics."""

from collections.abc import Iterator

import torch
from torch import nn
from torch.nn import functional

EPSILON = 1e-6


class PlainTextCNN(nn.Module):
    """From token ids to a logit for each label.

    With B batch, L length, D width, F filters, K labels:

        token_ids  (B, L)  int64, 0 is padding
        returns    (B, K)  float32 logits

    Args:
        vocabulary_size: of the embedding.
        d_model: D.
        filters: F, of each width.
        widths: of the convolutions, in tokens.
        convolutions: layers of each width.
        labels: K.
        dropout: after the embedding, before the residual sum, and on the pooled vector.
    """

    def __init__(
        self,
        vocabulary_size: int,
        d_model: int,
        filters: int,
        widths: tuple[int, ...],
        convolutions: int,
        labels: int,
        dropout: float,
    ):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary_size, d_model)
        self.segments = nn.Embedding(2, d_model)
        self.embedding_norm = nn.LayerNorm(d_model, EPSILON)
        self.towers = nn.ModuleDict(
            {
                str(width): nn.ModuleList(
                    nn.Conv1d(filters if depth else d_model, filters, width, padding="same")
                    for depth in range(convolutions)
                )
                for width in widths
            }
        )
        self.projection = nn.Linear(filters * len(widths), d_model)
        self.context = nn.Linear(filters * len(widths), d_model, bias=False)
        self.norm = nn.LayerNorm(d_model, EPSILON)
        self.dropout = nn.Dropout(dropout)
        self.logits = nn.Linear(2 * d_model, labels)

    def forward(self, token_ids: torch.Tensor, segment_ids: torch.Tensor) -> torch.Tensor:
        mask = (token_ids != 0).float()[..., None]  # (B, L, 1)
        channels = mask.transpose(1, 2)  # (B, 1, L): convolutions want the channels before L
        hidden = self.embedding_norm(self.tokens(token_ids) + self.segments(segment_ids))
        hidden = self.dropout(hidden) * mask
        features = []
        for tower in self.towers.values():
            states = hidden.transpose(1, 2)
            for convolution in tower:
                states = functional.gelu(convolution(states)) * channels
            features.append(states)
        joined = torch.cat(features, dim=1)  # (B, widths x F, L)
        strongest = (joined + (channels - 1) * 6e4).amax(dim=2)
        update = self.projection(joined.transpose(1, 2)) + self.context(strongest)[:, None]
        states = self.norm(hidden + self.dropout(update)) * mask
        mean = states.sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        highest = states.masked_fill(mask == 0, -6e4).amax(dim=1)
        return self.logits(self.dropout(torch.cat([mean, highest], dim=-1)))

    def by_our_paths(self) -> Iterator[tuple[str, torch.Tensor, tuple[int, ...]]]:
        """Each weight with the path of the one in our model, and the order of its axes there."""
        yield "embedding/token_table", self.tokens.weight, (0, 1)
        yield "embedding/segment_table", self.segments.weight, (0, 1)
        for path, norm in (("embedding/norm", self.embedding_norm), ("encoder/norm", self.norm)):
            yield f"{path}/gamma", norm.weight, (0,)
            yield f"{path}/beta", norm.bias, (0,)
        for width, tower in self.towers.items():
            for depth, convolution in enumerate(tower):
                path = f"encoder/width_{width}_convolution_{depth}"
                yield f"{path}/kernel", convolution.weight, (2, 1, 0)
                yield f"{path}/bias", convolution.bias, (0,)
        yield "encoder/projection/kernel", self.projection.weight, (1, 0)
        yield "encoder/projection/bias", self.projection.bias, (0,)
        yield "encoder/context/kernel", self.context.weight, (1, 0)
        yield "logits/kernel", self.logits.weight, (1, 0)
        yield "logits/bias", self.logits.bias, (0,)
