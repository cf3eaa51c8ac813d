"""What pre-training has learned, for people: words that are near each other, and words guessed."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kerasbert.batches.packing import one_document_a_row
from kerasbert.batches.pretraining import PretrainingBatches
from kerasbert.tasks.masked_lm import MaskedLM
from kerasbert.tokenizer.spelling import Speller

WORDS, NEAREST = 12, 6
SENTENCES, GUESSES = 8, 5
FREQUENT = 30  # the first words of every corpus tell nothing
KNOWN = 3000  # words that are compared; what is rarer has hardly been read
AROUND = 12  # tokens of a sentence on each side of the hidden word


def nearest_words(model: keras.Model, tokenizer, shares: np.ndarray) -> list[dict[str, Any]]:
    """Some words of the corpus, frequent and less so, with those whose embeddings are nearest.

    Args:
        model: with a layer "embedding".
        tokenizer: of the model.
        shares: (V,) float, each token's share of the corpus.

    Returns:
        rows with word and nearest (cosine by word); none where words are too few.
    """
    table = keras.ops.convert_to_numpy(model.get_layer("embedding").token_table)
    table = np.asarray(table, np.float64)
    table /= np.linalg.norm(table, axis=1, keepdims=True) + 1e-12
    words = {index: word for word, index in tokenizer.whole_words().items() if _telling(word)}
    seen = [index for index in words if shares[index] > 1.5 * shares.min()]
    ranked = np.array(sorted(seen, key=lambda index: -shares[index])[:KNOWN], int)
    if len(ranked) < 4:
        return []
    first = min(FREQUENT, len(ranked) // 10)
    chosen = np.unique(np.geomspace(first + 1, len(ranked) // 2, WORDS).astype(int))
    rows = []
    for index in ranked[chosen]:
        cosine = table[ranked] @ table[index]
        near = [at for at in np.argsort(-cosine, kind="stable") if ranked[at] != index][:NEAREST]
        rows.append(
            {
                "word": words[int(index)],
                "nearest": {words[int(ranked[at])]: round(float(cosine[at]), 2) for at in near},
            }
        )
    return rows


def guessed_words(model: keras.Model, valid: PretrainingBatches) -> list[dict[str, Any]]:
    """One word of each of a few held-out sentences, hidden, and what the model takes it for.

    Args:
        model: with an output of masked LM.
        valid: held-out rows of single texts.

    Returns:
        rows with before, word, after, and guesses (probability by word).
    """
    tokenizer, special = valid.store.tokenizer, valid.special
    rows = valid.rows(0)
    words = {index for word, index in tokenizer.whole_words().items() if _telling(word)}
    found = [
        (row, at)
        for row in range(len(rows.token_ids))
        if (at := _middle(rows, row, words, tokenizer))
    ]
    found = found[:SENTENCES]
    if not found or special.mask is None:
        return []
    chosen, places = (np.array(column, np.int32) for column in zip(*found, strict=True))
    token_ids = rows.token_ids[chosen].copy()
    hidden = token_ids[np.arange(len(chosen)), places].copy()
    token_ids[np.arange(len(chosen)), places] = special.mask
    inputs = {
        "token_ids": token_ids,
        "segment_ids": rows.segment_ids[chosen],
        "masked_positions": places[:, None],
    }
    if "document_ids" in model.input:  # a model of packed rows; these hold one document
        inputs |= one_document_a_row(token_ids, special.pad)
    read = keras.Model({name: model.input[name] for name in inputs}, model.output[MaskedLM.name])
    said = keras.ops.convert_to_numpy(read.predict_on_batch(inputs))[:, 0].astype(np.float64)
    said[:, special.ids] = -np.inf
    spell = Speller(tokenizer)
    shown = []
    for ids, place, word, scores in zip(token_ids, places, hidden, said, strict=True):
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        best = np.argsort(-shares, kind="stable")[:GUESSES]
        text = np.flatnonzero(~np.isin(ids, (special.pad, special.cls, special.sep)))
        before = ids[text[(text < place) & (text >= place - AROUND)]]
        after = ids[text[(text > place) & (text <= place + AROUND)]]
        shown.append(
            {
                "before": spell(before),
                "word": spell([word]),
                "after": spell(after),
                "guesses": {spell([index]): round(float(shares[index]), 3) for index in best},
            }
        )
    return shown


def _middle(rows, row: int, words: Sequence[int] | set[int], tokenizer) -> int | None:
    """The position of a whole word near the middle of a row; None where there is none."""
    ids, special = rows.token_ids[row], rows.special[row]
    behind = np.append(tokenizer.continues[ids[1:]], False)
    whole = [at for at, index in enumerate(ids.tolist()) if index in words and not behind[at]]
    whole = [at for at in whole if not special[at]]
    middle = int((~special).sum()) / 2
    return min(whole, key=lambda at: abs(at - middle), default=None)


def _telling(word: str) -> bool:
    """Whether a word is likely to mean something: of letters, and no short one of Latin script."""
    return word.isalpha() and (len(word) > 2 or not word.isascii())
