"""Whole words and spans, checked by counting and against the tokenizer's own words."""

import numpy as np
import pytest
from made_rows import VOCABULARY, rows
from made_tokenizers import PUBLIC, true_words

from kerasbert import MaskedLM, PretrainingBatches, Tokenizer, TokenStore, prepare_store
from kerasbert.batches.rng import keyed_rng
from kerasbert.corpus.store.shards import _DATASETS
from kerasbert.errors import InputError
from kerasbert.tasks.masking import LONGEST_SPAN

DATASETS = {name: kinds for name, kinds in _DATASETS.items() if name != "word_starts"}
CONTINUES = np.arange(VOCABULARY) >= 120  # two tokens in five go on with a word


def masked(made):
    """(B, L) bool, the positions that were chosen."""
    chosen = np.zeros_like(made.token_ids, bool)
    row, slot = np.nonzero(made.weight)
    chosen[row, made.inputs["masked_positions"][row, slot]] = True
    return chosen


@pytest.mark.parametrize("unit", ["whole-word", "span"])
def test_the_rate_is_kept_and_no_special_token_is_chosen(unit):
    made_of = rows(2000, 102, 100)
    task = MaskedLM(VOCABULARY, unit=unit, continues=CONTINUES)
    chosen = masked(task.make(made_of, keyed_rng(0, 0)))
    assert not chosen[made_of.special].any()
    counts = chosen.sum(axis=1)
    assert counts.max() <= 15 and counts.min() >= 1 and 14.5 < counts.mean() <= 15


def test_all_pieces_of_a_word_are_chosen_together():
    made_of = rows(500, 102, 100)
    task = MaskedLM(VOCABULARY, unit="whole-word", continues=CONTINUES)
    chosen = masked(task.make(made_of, keyed_rng(1, 0)))
    inner = CONTINUES[made_of.token_ids[:, 2:101]]  # pieces with a token of their text before them
    together = chosen[:, 2:101] == chosen[:, 1:100]
    assert together[inner].all() and not together[~inner].all()


def test_the_words_are_those_of_the_tokenizer(tmp_path):
    """For each style: the pieces that the store counts as one word are one word to the library."""
    texts = ["Unbelievably, the tokenization of preprocessing pipelines differs."] * 40
    texts += ["Untokenized pipes are believable processing differences."] * 40
    corpus = tmp_path / "raw.txt"
    corpus.write_text("\n".join(texts), encoding="utf-8")
    for style in ("wordpiece", "word", "char"):
        prepare_store([corpus], tmp_path / style, style=style, vocabulary_size=75)
        tokenizer = TokenStore.open(tmp_path / style).tokenizer
        words = np.array(tokenizer._tokenizer.encode(texts[0], add_special_tokens=False).word_ids)
        ids = tokenizer.encode(texts[:1])[0]
        np.testing.assert_array_equal(tokenizer.continues[ids][1:], words[1:] == words[:-1])
        assert tokenizer.continues.any() == (style == "wordpiece")


TEXTS = [
    'unbelievably, the tokenization of preprocessing pipelines differs. it\'s the 3rd "one"!',
    "untokenized pipes are believable processing differences; pretraining isn't tokenizing.",
    "the believer believes in one belief",
]


@pytest.fixture(scope="module")
def public_stores(tmp_path_factory):
    """For each public tokenizer: itself, and a store of texts, each a document of one sentence."""
    folder = tmp_path_factory.mktemp("public")
    corpus = folder / "raw.txt"
    corpus.write_text("".join(f"{text}\n\n" for text in TEXTS * 40), encoding="utf-8")
    found = {}
    for name, make in PUBLIC.items():
        library = make(TEXTS * 40)
        options = {"tokenizer": Tokenizer(library.to_str()), "corpus_format": "sentences"}
        prepare_store([corpus], folder / name, **options)
        found[name] = library, folder / name
    return found


@pytest.mark.parametrize("unit", ["whole-word", "span"])
@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize("name", PUBLIC)
def test_no_word_of_a_public_tokenizer_is_hidden_in_part(public_stores, name, unit, pack):
    library, folder = public_stores[name]
    store = TokenStore.open(folder)
    task = MaskedLM(store.tokenizer.vocabulary_size, rate=0.3, unit=unit)
    batches = PretrainingBatches(store, [task], 150, batch_size=8, part="all", pack=pack)
    sizes = {
        tuple(ids.tolist()): true_words(library, text)
        for text, ids in zip(TEXTS, store.tokenizer.encode(TEXTS), strict=True)
    }
    whole = parts = several = 0
    for step in range(6):
        rows, (inputs, _, weights) = batches.rows(step), batches.batch(step)
        chosen = np.zeros(rows.token_ids.shape, bool)
        row, slot = np.nonzero(weights["masked_lm"])
        chosen[row, inputs["masked_positions"][row, slot]] = True
        for ids, special, hidden in zip(rows.token_ids, rows.special, chosen, strict=True):
            for text in np.split(np.arange(len(ids)), np.flatnonzero(special)):
                inside = text[~special[text]]
                if not len(inside):
                    continue
                ends = np.cumsum(sizes[tuple(ids[inside].tolist())])
                for word in np.split(hidden[inside], ends[:-1]):
                    whole += word.all()
                    several += word.all() and len(word) > 1
                    parts += word.any() and not word.all()
    assert parts == 0 and whole > 50 and several > 10


def test_a_store_without_word_starts_goes_by_the_spaces_or_is_refused(public_stores, monkeypatch):
    """As every store was until they were stored."""
    monkeypatch.setattr("kerasbert.corpus.store.shards._DATASETS", DATASETS)
    for name in ("roberta", "xlm-roberta", "bert"):
        store = TokenStore.open(public_stores[name][1])
        task = MaskedLM(store.tokenizer.vocabulary_size, unit="whole-word")
        rows = PretrainingBatches(store, [task], 150, part="all").rows(0)
        text = ~rows.special
        first = [store.tokenizer._tokenizer.id_to_token(i) for i in rows.token_ids[text]]
        starts = rows.word_starts[text]
        expected = [token[0] in "Ġ▁" for token in first]
        if name == "bert":
            expected = [not token.startswith("##") for token in first]
        np.testing.assert_array_equal(starts, expected)
    for name in ("quick-tour", "end-of-word"):
        store = TokenStore.open(public_stores[name][1])
        size = store.tokenizer.vocabulary_size
        with pytest.raises(InputError, match="do not say where a word begins"):
            PretrainingBatches(store, [MaskedLM(size, unit="whole-word")], 150, part="all")
        PretrainingBatches(store, [MaskedLM(size)], 150, part="all").batch(0)


def test_span_lengths_are_geometric():
    """In rows of one-token words, with room for every span: lengths as in SpanBERT, figure 2."""
    made_of = rows(4000, 402, 400)
    task = MaskedLM(VOCABULARY, rate=0.02, unit="span")
    chosen = masked(task.make(made_of, keyed_rng(2, 0)))
    # The first token of each run, and its length; a budget of 8 tokens cuts longer spans.
    edges = np.diff(chosen.astype(int), axis=1)
    runs = np.nonzero(edges == -1)[1] - np.nonzero(edges == 1)[1]
    assert runs.max() <= LONGEST_SPAN
    share_of_one = (runs == 1).mean()
    assert 0.2 <= share_of_one < 0.4  # 0.2, and the rests that a budget leaves
    assert runs.mean() > 2.5


def test_a_span_ends_with_its_segment():
    made_of = rows(800, 42, 40, second=20)
    task = MaskedLM(VOCABULARY, rate=0.3, unit="span")
    chosen = masked(task.make(made_of, keyed_rng(3, 0)))
    assert not chosen[:, 20].any() and chosen[:, 19].any() and chosen[:, 21].any()


def test_all_tokens_of_a_span_are_treated_alike():
    made_of = rows(500, 102, 100)
    made = MaskedLM(VOCABULARY, mask_rate=0.5, random_rate=0.0, unit="span").make(
        made_of, keyed_rng(4, 0)
    )
    chosen, hidden = masked(made), made.token_ids == 4
    assert abs(hidden.sum() / chosen.sum() - 0.5) < 0.05
    neighbours = chosen[:, 1:] & chosen[:, :-1]
    # Two spans may touch, and then differ: rarely.
    assert (hidden[:, 1:] == hidden[:, :-1])[neighbours].mean() > 0.85


@pytest.mark.parametrize("unit", ["whole-word", "span"])
def test_a_word_longer_than_the_budget_still_gives_a_position(unit):
    made_of = rows(20, 12, 6)
    made_of.token_ids[:, 1] = 10
    made_of.token_ids[:, 2:7] = 150  # one word of six pieces
    made = MaskedLM(VOCABULARY, unit=unit, continues=CONTINUES).make(made_of, keyed_rng(0, 0))
    assert (made.weight.sum(axis=1) == 1).all()


def test_an_unknown_unit_is_refused():
    with pytest.raises(ValueError, match="unit: expected one of token, whole-word, span"):
        MaskedLM(VOCABULARY, unit="word")


def test_the_same_step_is_the_same_batch(store):
    tasks = [MaskedLM(store.tokenizer.vocabulary_size, unit="span")]
    first = PretrainingBatches(store, tasks, max_length=32, batch_size=8).batch(5)
    again = PretrainingBatches(store, tasks, max_length=32, batch_size=8).batch(5)
    for one, other in zip(first, again, strict=True):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])
