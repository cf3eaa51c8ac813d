"""Linear SVMs on the tokens of texts, of all labels at once: numpy alone, no matrix library."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kerasbert.choices import RuleName
from kerasbert.evaluation.calibration import fit_line
from kerasbert.heads.classification.bigrams import Bigrams
from kerasbert.heads.classification.linear_svc import SCORE_GRID
from kerasbert.heads.classification.rule import fit_common
from kerasbert.tokenizer.special_ids import OURS, SpecialIds

# On debtags, beside the network, lower costs than the 1 of LinearSVC were a little better.
COST = 0.5
# Up to so many labels the kernel is kept whole; beyond it, so many of the largest weights of each
# token are. On a fifth of debtags (224 labels) these 64 gave F1 0.458 and all of them 0.452; on
# Zhihu's questions (1,989 labels) 0.185 and 0.184, with 32 0.181. At 512 labels the time is equal.
WHOLE_UP_TO = 512
LABELS_PER_TOKEN = 64
# More weights than this, before the small ones are left out, are fitted only on request.
MOST_WEIGHTS = 100_000_000
PIECE = 1 << 26  # numbers in memory while some of the labels are fitted


class SparseRows:
    """TF-IDF of texts: of each text, the tokens that it holds and their values.

    As `TfidfVectorizer(sublinear_tf=True)` of scikit-learn has it: (1 + ln count) times idf,
    divided by the length of the row.

    Args:
        rows: of each text its token ids, (n,) int in [0, features).
        features: V, the size of the vocabulary.
        idf: (features,) float32; counted on these texts unless given.
        special: [PAD], [UNK], [CLS], [SEP] and [MASK], which say nothing of a text.
    """

    def __init__(
        self,
        rows: Sequence[np.ndarray],
        features: int,
        idf: np.ndarray | None = None,
        special: SpecialIds = OURS,
    ):
        is_word = np.ones(features, bool)
        is_word[special.ids] = False
        counted = [np.unique(ids[is_word[ids]], return_counts=True) for ids in rows]
        self.ids = [ids for ids, _ in counted]
        if idf is None:
            flat = np.concatenate([np.zeros(0, np.int64), *self.ids])
            texts = np.bincount(flat, minlength=features)
            idf = np.where(texts > 0, np.log((1 + len(rows)) / (1 + texts)) + 1, 0.0)
        self.idf = np.asarray(idf, np.float32)
        self.values = []
        for ids, count in counted:
            value = (1 + np.log(count)) * self.idf[ids]
            self.values.append((value / max(np.linalg.norm(value), 1e-6)).astype(np.float32))

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return iter(zip(self.ids, self.values, strict=True))

    def margins(self, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
        """(N, K) float32, of a linear function: kernel (V, K), bias (K,)."""
        return np.stack([value @ kernel[ids] for ids, value in self]) + bias


def fit_linear_svms(
    rows: SparseRows, gold: np.ndarray, cost: float = COST, passes: int = 10, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """A linear SVM for each label: squared hinge loss, L2 penalty, the bias penalized as well.

    What `LinearSVC(C=cost)` of scikit-learn minimizes, by the same dual coordinate descent; but a
    step here moves the dual variables of all labels of a document at once, so that a pass takes
    little longer for many labels than for one. It keeps N x K of them.

    Args:
        rows: N texts.
        gold: (N, K) bool or 0/1.
        cost: of a violated margin.
        passes: over the texts; 10 come close enough to the minimum.
        seed: of the order of the texts.

    Returns:
        kernel (V, K) and bias (K,), float32.

    Source: Hsieh et al. 2008, "A Dual Coordinate Descent Method for Large-scale Linear SVM",
    algorithm 1, for the L2-SVM.
    """
    texts, labels = gold.shape
    weights = np.zeros((len(rows.idf) + 1, labels), np.float32)  # the last row is the bias
    alpha = np.zeros((texts, labels), np.float32)
    sign = np.where(gold > 0, np.float32(1), np.float32(-1))
    diagonal = np.float32(0.5 / cost)
    with_bias = [
        (np.append(ids, len(rows.idf)), np.append(value, np.float32(1))) for ids, value in rows
    ]
    rng = np.random.default_rng(seed)
    for _ in range(passes):
        for text in rng.permutation(texts):
            ids, value = with_bias[text]
            mine, old = weights[ids], alpha[text]
            slope = sign[text] * (value @ mine) - 1 + diagonal * old
            new = np.maximum(old - slope / (value @ value + diagonal), 0)
            weights[ids] = mine + value[:, None] * ((new - old) * sign[text])
            alpha[text] = new
    return weights[:-1], weights[-1]


def labels_per_token(labels: int) -> int | None:
    """How many labels of each token a `TokenScores` keeps, or None for all of them."""
    return None if labels <= WHOLE_UP_TO else LABELS_PER_TOKEN


def too_many_weights(vocabulary_size: int, lead: int, labels: int) -> str | None:
    """Why SVMs of this size are not fitted unless asked for, or None where they are."""
    features = vocabulary_size * (2 if lead else 1)
    if features * labels <= MOST_WEIGHTS:
        return None
    return (
        f"linear SVMs: left out, {features:,} features x {labels:,} labels are more than "
        f"{MOST_WEIGHTS // 10**6} million weights; --linear-svm fits them all the same"
    )


def fitting_numbers(features: int, texts: int, labels: int) -> int:
    """How many numbers of 4 bytes `fit_kernel` holds at once, at most."""
    one, kept = features + 2 * texts, labels_per_token(labels)
    return one * labels if kept is None else max(PIECE, one) + 2 * features * kept


@dataclass(frozen=True)
class Kernel:
    """Weights of linear functions, of each feature those of the labels that matter most to it.

    Source: Babbar and Schölkopf 2017, "DiSMEC", section 2.2: most weights of one-against-all SVMs
    are near 0, and models without these predict as well.

    Attributes:
        weights: (features, R) float32.
        columns: (features, R) int32, the labels that they belong to; None where the weights are
            those of all labels, in order.
        bias: (K,) float32.
    """

    weights: np.ndarray
    columns: np.ndarray | None
    bias: np.ndarray

    def margins(self, rows: SparseRows) -> np.ndarray:
        """(N, K) float32."""
        if self.columns is None:
            return rows.margins(self.weights, self.bias)
        margins = np.zeros((len(rows.ids), len(self.bias)), np.float32)
        for margin, (ids, value) in zip(margins, rows, strict=True):
            parts = value[:, None] * self.weights[ids]
            margin += np.bincount(self.columns[ids].ravel(), parts.ravel(), len(self.bias))
        return margins + self.bias


def fit_kernel(
    rows: SparseRows,
    gold: np.ndarray,
    kept: int | None,
    seed: int = 0,
    piece: int = PIECE,
    cost: float = COST,
) -> Kernel:
    """Linear SVMs as `fit_linear_svms` makes them, without the weights of all labels in memory.

    Args:
        rows: N texts.
        gold: (N, K) bool or 0/1.
        kept: R, the most labels of a feature; None for all.
        seed: see `fit_linear_svms`.
        piece: so many labels are fitted at a time that it takes about so many numbers.
        cost: see `fit_linear_svms`.
    """
    if kept is None:
        weights, bias = fit_linear_svms(rows, gold, cost, seed=seed)
        return Kernel(weights, None, bias)
    features, labels = len(rows.idf), gold.shape[1]
    kept = min(kept, labels)
    width = max(1, piece // (features + 2 * len(gold)))
    biases = []
    weights = np.zeros((features, kept), np.float32)
    columns = np.tile(np.arange(kept, dtype=np.int32), (features, 1))
    for start in range(0, labels, width):
        more, bias = fit_linear_svms(rows, gold[:, start : start + width], cost, seed=seed)
        biases.append(bias)
        for feature in np.flatnonzero(more.any(axis=1)):
            both = np.concatenate([weights[feature], more[feature]])
            largest = np.argpartition(-np.abs(both), kept)[:kept]
            numbers = np.append(columns[feature], np.arange(start, start + len(bias)))
            weights[feature], columns[feature] = both[largest], numbers[largest]
    return Kernel(weights, columns, np.concatenate(biases))


@dataclass(frozen=True)
class TokenFeatures:
    """What linear SVMs read of a text: V tokens, those at its beginning once more, its bigrams.

    Attributes:
        vocabulary_size: V.
        lead: so many positions at the beginning are features of their own as well, V further on.
        special: tokens that are no features.
        bigrams: the pairs of neighbours that are features, behind all others; None for none.
    """

    vocabulary_size: int
    lead: int = 0
    special: SpecialIds = OURS
    bigrams: Bigrams | None = None

    @property
    def first_bigram(self) -> int:
        return self.vocabulary_size * (2 if self.lead else 1)

    def __len__(self) -> int:
        return self.first_bigram + (0 if self.bigrams is None else len(self.bigrams))

    def of(self, token_ids: np.ndarray) -> np.ndarray:
        """The numbers of the features of a text of (n,) token ids, each as often as it is there."""
        leading = token_ids[: self.lead]
        leading = leading[~np.isin(leading, self.special.ids)] + self.vocabulary_size
        parts = [token_ids, leading]
        if self.bigrams is not None:
            parts.append(self.bigrams.find(token_ids) + self.first_bigram)
        return np.concatenate(parts)

    def rows(self, rows: Sequence[np.ndarray], idf: np.ndarray | None = None) -> SparseRows:
        return SparseRows([self.of(ids) for ids in rows], len(self), idf, self.special)


def token_rows(texts) -> list[np.ndarray]:
    """Of each of the `EncodedTexts` its token ids, without padding behind them."""
    numbers = np.arange(len(texts))[:, None]
    return [texts.rows(n, int(texts.lengths[n[0]]))["token_ids"][0] for n in numbers]


def fit_token_scores(
    layer, train, valid, seed: int = 0, rule: RuleName | None = None, cost: float = COST
) -> None:
    """Give a built `TokenScores` its weights.

    The SVMs learn from `train`. Their margins are no logits: one line through them, fitted on
    `valid`, which the SVMs have not seen, makes them such. For multi-label data the line passes 0
    where F1 on `valid` is highest: so 0.5 stays a good threshold, as it is of the network, which
    has seen its training data too often for its probabilities to be meek.

    Args:
        layer: a `TokenScores`.
        train: `LabeledBatches`.
        valid: `LabeledBatches`.
        seed: see `fit_linear_svms`.
        rule: see `fit_decision`.
        cost: see `fit_linear_svms`.

    Raises:
        ValueError: the layer has another number of bigrams than the training texts give it.
    """
    special, texts = train.texts.tokenizer.special, token_rows(train.texts)
    bigrams = None
    if layer.bigrams:
        bigrams = Bigrams.count(texts, layer.vocabulary_size, special, layer.bigrams)
        if len(bigrams) < layer.bigrams:
            raise ValueError(
                f"bigrams: expected at most the {len(bigrams)} that two training texts or more "
                f"have. Received: {layer.bigrams}"
            )
        layer.bigram_first.assign(bigrams.first)
        layer.bigram_second.assign(bigrams.second)
        layer.bigram_keys.assign(bigrams.keys)
    features = TokenFeatures(layer.vocabulary_size, layer.lead, special, bigrams)
    rows = features.rows(texts)
    kernel = fit_kernel(rows, train.gold, layer.labels_per_token, seed, cost=cost)
    margins = kernel.margins(features.rows(token_rows(valid.texts), rows.idf))
    slope, offset = fit_line(margins, valid.gold)
    if valid.head.kind == "multi-label":
        known = margins, valid.gold, valid.unseen
        _, best = fit_common(*known, grid=SCORE_GRID, prefer=0.0, rule=rule)
        offset = -slope * best
    layer.idf.assign(rows.idf)
    layer.kernel.assign(kernel.weights * np.float32(slope))
    layer.bias.assign(kernel.bias * np.float32(slope) + np.float32(offset))
    if kernel.columns is not None:
        layer.columns.assign(kernel.columns)
