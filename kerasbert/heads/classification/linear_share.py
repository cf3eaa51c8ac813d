"""How much linear SVMs count beside the network: found on validation data, after each epoch."""

import numpy as np

SHARES = np.round(np.arange(0, 1.01, 0.1), 1)
STEPS, TOLERANCE = 30, 1e-6
RIDGE = 1e-3  # keeps weights finite where the answers are without an error


def choose_share(head, network: np.ndarray, linear: np.ndarray, data) -> float:
    """The share of the linear part in the mean of both, from 0 to 1.

    That of the lowest loss, see `share_of_lowest_loss`; unless the figure that the head goes by is
    better at another one by more than chance, 0.5 / sqrt(N), on these N documents.

    Args:
        head: a `Classification`.
        network: (N, K) float, its logits.
        linear: (N, K) float, the logits of the linear part.
        data: `LabeledBatches` that neither has learned from.
    """
    usual = share_of_lowest_loss(network, linear, data.gold, head.kind != "multi-label")

    def figure(share: float) -> float:
        mean = mean_of(network, linear, share)
        return float(head.score(mean, data, head.decide(mean, data))[head.best])

    figures = {float(share): figure(float(share)) for share in SHARES}
    best = max(figures, key=lambda share: figures[share])
    return best if figures[best] - figure(usual) > 0.5 / len(network) ** 0.5 else usual


def mean_of(network: np.ndarray, linear: np.ndarray, share: float) -> np.ndarray:
    """Logits (N, K) float32 of both, as a `TokenScores` of that share answers."""
    return ((1 - share) * network + share * linear).astype(np.float32)


def linear_logits(layer, texts, batch_size: int = 64) -> np.ndarray:
    """(N, K) float32, what the linear part of a fitted `TokenScores` says of `EncodedTexts`."""
    import keras

    found = np.zeros((len(texts), layer.labels), np.float32)
    order = np.argsort(texts.lengths, kind="stable")
    for start in range(0, len(order), batch_size):
        numbers = order[start : start + batch_size]
        inputs = texts.rows(numbers, texts.padded_length(numbers))
        found[numbers] = keras.ops.convert_to_numpy(layer.linear(inputs["token_ids"]))
    return found


def settle_share(head, model, network: np.ndarray, data) -> np.ndarray:
    """Set the share in a model, and return its logits (N, K) for `data`.

    Args:
        head: a `Classification`.
        model: with a fitted `TokenScores`.
        network: (N, K) float, the logits of the network alone.
        data: `LabeledBatches` that the model has not learned from.
    """
    layer = model.get_layer("token_scores")
    linear = linear_logits(layer, data.texts)
    share = choose_share(head, network, linear, data)
    layer.share.assign(share)
    return mean_of(network, linear, share)


def share_of_lowest_loss(
    network: np.ndarray, linear: np.ndarray, gold: np.ndarray, exclusive: bool
) -> float:
    """The share of the linear part by the loss.

    A logistic regression on validation data has two features, what the network says of a label and
    what the linear part says. Of their weights a and b the share is b / (a + b): a network that has
    learned little, or is too sure of itself, has less of a say.

    Args:
        network: (N, K) float, logits.
        linear: (N, K) float, logits.
        gold: (N, K) bool or 0/1; documents without a label are left out if labels are exclusive.
        exclusive: one softmax over all labels; otherwise a sigmoid for each label.

    Source: Wolpert 1992, "Stacked generalization", with one weight for each of two models.
    """
    parts = np.stack([network, linear, np.ones_like(linear)]).astype(np.float64)
    gold = np.asarray(gold) > 0
    if exclusive:
        known = gold.any(axis=1)
        parts, gold = parts[:2, known], gold[known]
    if not gold.size or not np.isfinite(parts).all():
        return 0.5
    scale = np.maximum(np.abs(parts).mean(axis=(1, 2)), 1e-6)
    parts /= scale[:, None, None]
    of = _of_softmax if exclusive else _of_sigmoid
    weights = np.zeros(len(parts))
    loss, slope, curvature = of(parts, gold, weights)
    for _ in range(STEPS):  # Newton's method; a step that overshoots is halved
        step = np.linalg.solve(curvature + RIDGE * np.eye(len(parts)), slope)
        after = of(parts, gold, weights - step)
        while after[0] > loss and np.abs(step).max() > TOLERANCE:
            step /= 2
            after = of(parts, gold, weights - step)
        if after[0] >= loss:
            break
        weights, gain = weights - step, loss - after[0]
        loss, slope, curvature = after
        if gain < TOLERANCE:
            break
    a, b = np.maximum(weights[:2] / scale[:2], 0)
    return float(b / (a + b)) if a + b > 0 else 0.5


def _of_sigmoid(
    parts: np.ndarray, gold: np.ndarray, weights: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Loss, slope (P,) and curvature (P, P) by the weights of P parts, (P, N, K)."""
    z, x = np.tensordot(weights, parts, 1), parts.reshape(len(parts), -1)
    p = (1 + np.tanh(z / 2)) / 2
    loss = float((np.logaddexp(0, z) - z * gold).sum()) + _ridge(weights)
    return loss, x @ (p - gold).ravel() + RIDGE * weights, (x * (p * (1 - p)).ravel()) @ x.T


def _of_softmax(
    parts: np.ndarray, gold: np.ndarray, weights: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """As `_of_sigmoid`."""
    z, x = np.tensordot(weights, parts, 1), parts.reshape(len(parts), -1)
    z -= z.max(axis=1, keepdims=True)
    nats = np.log(np.exp(z).sum(axis=1, keepdims=True))
    p, right = np.exp(z - nats), gold / gold.sum(axis=1, keepdims=True)
    mean = (parts * p).sum(axis=2)  # (P, N)
    loss = float(((nats - z) * right).sum()) + _ridge(weights)
    slope = x @ (p - right).ravel() + RIDGE * weights
    return loss, slope, (x * p.ravel()) @ x.T - mean @ mean.T


def _ridge(weights: np.ndarray) -> float:
    return float(RIDGE / 2 * weights @ weights)
