"""From logits to probabilities and losses, on NumPy."""

import numpy as np


def probabilities(logits: np.ndarray, kind: str, temperature: float = 1.0) -> np.ndarray:
    """(N, K) float32: the sigmoid of each logit for "multi-label", else the softmax over labels.

    Args:
        logits: (N, K) float.
        kind: "multi-label", "multi-class" or "binary".
        temperature: what logits are divided by first.
    """
    logits = logits.astype(np.float64) / temperature
    if kind == "multi-label":
        return (1 / (1 + np.exp(-np.clip(logits, -500, 500)))).astype(np.float32)
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (exp / exp.sum(axis=1, keepdims=True)).astype(np.float32)


def document_losses(logits: np.ndarray, gold: np.ndarray, kind: str) -> np.ndarray:
    """The training loss of each document without dropout, (N,) float64.

    Nats a label for "multi-label", else nats a document; NaN for a document that has no label with
    a logit: it cannot be scored.

    Args:
        logits: (N, K) float.
        gold: (N, K) bool or 0/1.
        kind: "multi-label", "multi-class" or "binary".
    """
    x, gold = logits.astype(np.float64), np.asarray(gold) > 0
    if kind == "multi-label":
        return (np.maximum(x, 0) - x * gold + np.log1p(np.exp(-np.abs(x)))).mean(axis=1)
    shifted = x - x.max(axis=1, keepdims=True)
    log_probability = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    chosen = np.take_along_axis(log_probability, gold.argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(gold.any(axis=1), -chosen, np.nan)


def mean_loss(logits: np.ndarray, gold: np.ndarray, kind: str) -> float:
    """The mean of `document_losses` over the documents that can be scored; NaN without any."""
    losses = document_losses(logits, gold, kind)
    if kind != "multi-label":  # NaN logits of a diverged model stay visible
        losses = losses[(np.asarray(gold) > 0).any(axis=1)]
    return float(losses.mean()) if len(losses) else float("nan")


def log_odds(logits: np.ndarray, column: int, kind: str) -> np.ndarray:
    """(N,) ln(p / (1 - p)) of one label, from logits: exact where p is all but 1."""
    x = logits.astype(np.float64)
    if kind == "multi-label":
        return x[:, column]
    return x[:, column] - np.logaddexp.reduce(np.delete(x, column, axis=1), axis=1)
