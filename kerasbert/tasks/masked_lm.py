"""Masked language modelling: hide tokens, and predict them from what is around them."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert.choices import Pairs
from kerasbert.evaluation.objectives import Compared, Figures
from kerasbert.layers.dense import Dense, add_bias, dtype_of_logits
from kerasbert.layers.gelu import gelu_tanh
from kerasbert.tasks.held_out import Batch
from kerasbert.tasks.masking import UNITS, choose_spans, choose_tokens, choose_words
from kerasbert.tasks.task import Rows, TaskBatch
from kerasbert.tasks.token_cross_entropy import TokenCrossEntropy
from kerasbert.tokenizer.special_ids import NO_MASK


@keras.saving.register_keras_serializable(package="kerasbert")
class VocabularyBias(keras.layers.Layer):
    """Add a learned bias for each token of the vocabulary: (B, M, V) float -> (B, M, V).

    Args:
        shares: (V,) float, how probable each token is before anything is read; the bias begins at
            their logarithms, and at 0 without them. A loaded layer has the bias that was saved.
    """

    def __init__(self, shares: np.ndarray | None = None, **kwargs):
        super().__init__(**kwargs)
        self._shares = shares

    def build(self, scores_shape):
        def begin(shape, dtype=None):
            values = np.zeros(shape) if self._shares is None else np.log(self._shares)
            return keras.ops.convert_to_tensor(values, dtype=dtype)

        self.bias = self.add_weight(name="bias", shape=(scores_shape[-1],), initializer=begin)

    def call(self, scores):
        return add_bias(scores, keras.ops.cast(self.bias, scores.dtype))

    def compute_output_shape(self, scores_shape):
        return tuple(scores_shape)

    def get_config(self):
        return super().get_config()  # without the shares: what is loaded brings its bias


def _compared(where: str, title: str, note: str = "") -> Compared:
    return Compared(
        f"val_loss_masked_lm{note}",
        f"unigram_loss_masked_lm{note}",
        title,
        "nats per masked position",
        "unigram frequencies",
        f"On {where} positions the validation loss",
        "the unigram loss",
        "the encoder uses context",
        "so far the encoder has learned nothing but frequencies",
    )


class MaskedLM:
    """Dynamic masking, 80% [MASK], 10% a random token, 10% unchanged.

    With B rows of L positions, of which M = min(`max_predictions`, ceil(`rate` x L)) can be masked:

        input masked_positions  (B, M)     int32, ascending; unused slots are 0
        target                  (B, M)     int32, the tokens that stood there
        weight                  (B, M)     float32, 0 in unused slots
        output                  (B, M, V)  float32 logits, at masked positions only

    Held-out figures, each total over total weight, NaN without any:

        val_loss_masked_lm, unigram_loss_masked_lm            nats a chosen position
        val_loss_masked_lm_mask, unigram_loss_masked_lm_mask  on those that show [MASK] alone
        masked_accuracy                                       share of chosen positions right

    The unigram loss is that of predicting each token by its frequency in the training part (with
    one added to each count).

    In each row round(`rate` x its tokens) positions are chosen, at least one and at most M, never a
    special token; fewer where whole words do not come out even. The head is a Dense layer with GELU
    and a normalization, then the transposed token embedding with a bias of its own.

    Args:
        vocabulary_size: V.
        rate: share of a row's tokens to choose.
        max_predictions: the most positions chosen in a row; by the row's length unless given. With
            1, and short rows, it is the predecessor's way: one masked word in a window.
        mask_rate: of the chosen positions, the share replaced by [MASK].
        random_rate: of the chosen positions, the share replaced by a random token.
        unit: what is masked together. "token": each for itself; "whole-word": all pieces of a word;
            "span": words that follow each other, which also share one draw of 80/10/10. Words are
            those of `Rows.word_starts`, which batches take from the tokenizer.
        continues: (V,) bool, True for the tokens that go on with the word before them, as
            `Tokenizer.continues`: for rows without `word_starts`, where each token is a word else.
        shares: (V,) float above 0, each token's share of the corpus, as `TokenStore.token_shares`.
            With it training begins at the unigram loss; without it the first thousand steps or so
            go into learning which tokens are frequent, as AdamW moves the bias slowly.
        seed: of the head's initial weights.
        activation: of the head; that of a public model whose head it goes on with.
        epsilon: of the head's normalization, likewise.
        width: of the head's states; D unless given. An embedding whose tables are not D wide takes
            states as wide as these, too.
        bias: whether its dense layer has a bias, and its normalization an offset.

    Sources: Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 3.1, "Masked LM"; Joshi
    et al. 2020, https://arxiv.org/abs/1907.10529, section 3.1, for spans.
    """

    name = "masked_lm"
    pairs: Pairs = "none"
    packs = True
    positions = "masked_positions"
    figures = Figures(
        (
            _compared("all masked", "Masked-LM loss, all masked positions"),
            # One in five of all is readable as it stands: only these show that context is used.
            _compared("[MASK]", "Masked-LM loss, [MASK] positions only", "_mask"),
        ),
        {"masked_accuracy": "Masked tokens predicted rightly"},
    )

    def __init__(
        self,
        vocabulary_size: int,
        rate: float = 0.15,
        max_predictions: int | None = None,
        mask_rate: float = 0.8,
        random_rate: float = 0.1,
        unit: str = "token",
        continues: np.ndarray | None = None,
        shares: np.ndarray | None = None,
        seed: int = 0,
        activation: str = "gelu",
        epsilon: float = 1e-12,
        width: int | None = None,
        bias: bool = True,
    ):
        if not 0 < rate < 1:
            raise ValueError(f"rate: expected 0 < rate < 1. Received: {rate}")
        if mask_rate < 0 or random_rate < 0 or mask_rate + random_rate > 1:
            raise ValueError(
                "mask_rate and random_rate: expected shares that add up to at most 1. "
                f"Received: {mask_rate} and {random_rate}"
            )
        if unit not in UNITS:
            raise ValueError(f"unit: expected one of {', '.join(UNITS)}. Received: {unit!r}")
        self.vocabulary_size = vocabulary_size
        self.rate = rate
        self.max_predictions = max_predictions
        self.mask_rate = mask_rate
        self.random_rate = random_rate
        self.unit = unit
        self.words = unit != "token"
        self.continues = np.zeros(vocabulary_size, bool) if continues is None else continues
        self.shares = shares
        self.seed = seed
        self.activation = activation
        self.epsilon = epsilon
        self.width = width
        self.bias = bias

    def make(self, rows: Rows, rng: np.random.Generator) -> TaskBatch:
        if rows.special_ids.mask is None:
            raise ValueError(f"MaskedLM: {NO_MASK}. Received: {rows.special_ids}")
        batch, length = rows.token_ids.shape
        slots = int(np.ceil(self.rate * length))
        if self.max_predictions is not None:
            slots = min(slots, self.max_predictions)
        slots = max(1, min(slots, length))
        candidates = ~rows.special
        available = candidates.sum(axis=1)
        chosen = np.clip(np.rint(self.rate * available).astype(int), 1, slots)
        chosen = np.minimum(chosen, available)  # a row of special tokens only has none

        units = self._choose(rows, candidates, chosen, rng)
        order = np.argsort(units == 0, axis=1, kind="stable")[:, :slots]  # chosen first, ascending
        units = np.take_along_axis(units, order, axis=1)
        used = units > 0
        positions = np.where(used, order, 0).astype(np.int32)

        rows_index = np.arange(batch)[:, None]
        target = np.where(used, rows.token_ids[rows_index, positions], 0).astype(np.int32)
        if self.unit == "span":  # all tokens of a span share its draw
            draw = np.take_along_axis(rng.random((batch, units.max() + 1)), units, axis=1)
        else:
            draw = rng.random((batch, slots))
        words = rows.special_ids.words(self.vocabulary_size)
        random_tokens = words[rng.integers(0, len(words), (batch, slots))]
        shown = np.where(draw < self.mask_rate, rows.special_ids.mask, target)
        is_random = (draw >= self.mask_rate) & (draw < self.mask_rate + self.random_rate)
        shown = np.where(is_random, random_tokens, shown)
        token_ids = rows.token_ids.copy()
        where = np.broadcast_to(rows_index, positions.shape)[used]
        token_ids[where, positions[used]] = shown[used]
        return TaskBatch(
            target=target,
            weight=used.astype(np.float32),
            token_ids=token_ids,
            inputs={"masked_positions": positions},
        )

    def _choose(
        self, rows: Rows, candidates: np.ndarray, budget: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """(B, L) int, the number of the unit a chosen position belongs to, 0 elsewhere."""
        if self.unit == "token":
            return choose_tokens(candidates, budget, rng)
        # A piece goes on with a word only directly behind another token of the text.
        starts = rows.word_starts
        begins = candidates & (~self.continues[rows.token_ids] if starts is None else starts)
        begins[:, 1:] |= candidates[:, 1:] & ~candidates[:, :-1]
        words = np.where(candidates, np.cumsum(begins, axis=1), 0)
        if self.unit == "whole-word":
            return choose_words(words, budget, rng)
        parts = rows.segment_ids if rows.document_ids is None else rows.document_ids
        return choose_spans(words, parts, budget, rng)

    def inputs(self):
        return {"masked_positions": keras.Input((None,), dtype="int32", name="masked_positions")}

    def head(self, embedding, sequence, pooled, inputs):
        hidden = Dense(
            self.width or sequence.shape[-1],
            activation=gelu_tanh if self.activation == "gelu_tanh" else self.activation,
            kernel_initializer=keras.initializers.GlorotUniform(seed=self.seed + 1),
            use_bias=self.bias,
            name="masked_lm_transform",
        )(sequence)
        norm = keras.layers.LayerNormalization(
            epsilon=self.epsilon, center=self.bias, name="masked_lm_norm"
        )
        hidden = norm(hidden)
        scores = embedding(hidden, reverse=True)
        return VocabularyBias(self.shares, name=self.name, dtype=dtype_of_logits())(scores)

    def loss(self):
        return TokenCrossEntropy(name=f"{self.name}_loss")

    def scoring_model(self, model: keras.Model, names: Sequence[str]) -> keras.Model:
        """Nats and hits of each masked position instead of the logits."""
        target = keras.Input((None,), dtype="int32", name="masked_lm_target")
        logits = model.output[self.name]
        outputs = {
            "nats": ops.sparse_categorical_crossentropy(target, logits, from_logits=True),
            "correct": ops.cast(ops.equal(ops.argmax(logits, axis=-1), target), "float32"),
        }
        read = {name: model.input[name] for name in names}
        return keras.Model({**read, "masked_lm_target": target}, outputs)

    def score(self, scorer: keras.Model, batches: Iterable[Batch], valid: Any) -> dict[str, float]:
        """The held-out figures."""
        frequencies = -np.log(valid.store.token_shares())
        sums = np.zeros(5)
        weights = np.zeros(2)
        for inputs, targets, sample_weights in batches:
            target, weight = targets[self.name], sample_weights[self.name]
            scored = scorer.predict_on_batch({**inputs, "masked_lm_target": target})
            nats, correct = np.asarray(scored["nats"]), np.asarray(scored["correct"])
            unigram = frequencies[target]
            shown = np.take_along_axis(inputs["token_ids"], inputs["masked_positions"], axis=1)
            hidden = weight * (shown == valid.special.mask)
            sums[:3] += [(figure * weight).sum() for figure in (nats, unigram, correct)]
            sums[3:] += [(figure * hidden).sum() for figure in (nats, unigram)]
            weights += weight.sum(), hidden.sum()
        all_positions, mask_positions = np.where(weights > 0, weights, np.nan)
        return {
            "val_loss_masked_lm": sums[0] / all_positions,
            "unigram_loss_masked_lm": sums[1] / all_positions,
            "val_loss_masked_lm_mask": sums[3] / mask_positions,
            "unigram_loss_masked_lm_mask": sums[4] / mask_positions,
            "masked_accuracy": sums[2] / all_positions,
        }
