"""Linear SVMs on the tokens of texts, of all labels at once: numpy alone, no matrix library."""

from collections.abc import Iterator, Sequence

import numpy as np

from kerasbert.evaluation.baseline import SCORE_GRID
from kerasbert.evaluation.calibration import fit_line
from kerasbert.evaluation.thresholds import fit_threshold
from kerasbert.text.special_ids import OURS, SpecialIds

# On debtags, beside the network, lower costs than the 1 of LinearSVC were a little better.
COST = 0.5


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


def with_lead(
    token_ids: np.ndarray, lead: int, vocabulary_size: int, special: SpecialIds = OURS
) -> np.ndarray:
    """The tokens of a text, and once more those of its first `lead` positions, V further on."""
    leading = token_ids[:lead]
    leading = leading[~np.isin(leading, special.ids)]
    return np.concatenate([token_ids, leading + vocabulary_size])


def fit_token_scores(layer, train, valid, seed: int = 0) -> None:
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
    """

    def features(texts) -> list[np.ndarray]:
        numbers = np.arange(len(texts))[:, None]
        rows = [texts.rows(n, int(texts.lengths[n[0]]))["token_ids"][0] for n in numbers]
        return [with_lead(ids, layer.lead, layer.vocabulary_size, special) for ids in rows]

    special = train.texts.tokenizer.special
    rows = SparseRows(features(train.texts), layer.size, special=special)
    kernel, bias = fit_linear_svms(rows, train.gold, seed=seed)
    unseen = SparseRows(features(valid.texts), layer.size, rows.idf, special)
    margins = unseen.margins(kernel, bias)
    slope, offset = fit_line(margins, valid.gold)
    if valid.kind == "multi-label":
        best = fit_threshold(margins, valid.gold, valid.unseen, grid=SCORE_GRID, prefer=0.0)
        offset = -slope * best
    layer.idf.assign(rows.idf)
    layer.kernel.assign(kernel * np.float32(slope))
    layer.bias.assign(bias * np.float32(slope) + np.float32(offset))
