"""What a run is expected to take, and the size that is proposed for it."""

import pytest

from kerasbert import TextCNNConfig, TransformerConfig, build_embedding, build_encoder
from kerasbert.config import ModernBertConfig
from kerasbert.models.encoder import encode
from kerasbert.tokenizer.size import propose_vocabulary, vocabulary_note
from kerasbert.training.proposal import (
    FEWEST_STEPS,
    SHARE_OF_PEAK,
    Workload,
    expect,
    matrix_rate,
    propose_size,
)

WORK = Workload(rows=32, positions=128, predictions=20)
RATE = 1e11


@pytest.mark.in_turn  # shapes, which no backend chooses
@pytest.mark.parametrize(
    "config",
    [
        TextCNNConfig(vocabulary_size=5000, d_model=128),
        TextCNNConfig(vocabulary_size=50, d_model=12, filters=7, widths=(1, 3), convolutions=3),
        TextCNNConfig(vocabulary_size=50, d_model=12, positions="learned", max_positions=9),
        TransformerConfig(vocabulary_size=5000, d_model=128),
        TransformerConfig(vocabulary_size=50, d_model=12, heads=3, d_k=2, d_v=5, d_ff=7, layers=2),
        TransformerConfig.bert(vocabulary_size=50, d_model=12, heads=3, segments=4),
        TransformerConfig(vocabulary_size=50, d_model=12, heads=3, embedding_width=5),
        ModernBertConfig(vocabulary_size=50, d_model=12, heads=3, d_ff=7, layers=2),
    ],
)
def test_the_weights_are_those_of_the_layers(config):
    embedding, encoder = build_embedding(config), build_encoder(config)
    encode(embedding, encoder)
    assert config.encoder_weights() == encoder.count_params()
    assert config.weights() == embedding.count_params() + encoder.count_params()
    assert expect(config, WORK, RATE).weights == config.weights()


@pytest.mark.parametrize(
    "config, seconds, memory",
    [
        (TextCNNConfig(vocabulary_size=5000), 0.4861722624, 1.025e9),
        (
            TransformerConfig(vocabulary_size=30_522, d_model=256, layers=4, heads=4),
            3.2573676398,
            3.1228e9,
        ),
    ],
)
def test_what_a_run_takes_is_as_it_was_estimated_before(config, seconds, memory):
    expected = expect(config, WORK, RATE)
    assert expected.step_seconds == pytest.approx(seconds, rel=1e-5)
    assert expected.memory == pytest.approx(memory, rel=0.01)


def test_the_time_is_that_of_the_products():
    # One block without scores: 12 d^2 multiply-adds a token (4 of attention, 8 of feed-forward),
    # and 2 d for each position it looks at; two operations each, and three times for both ways.
    config = TransformerConfig(vocabulary_size=10, d_model=64, layers=1)
    work = Workload(rows=1, positions=100, predictions=0)
    operations = 6 * 100 * (12 * 64 * 64 + 100 * 2 * 64)
    assert expect(config, work, RATE).step_seconds == pytest.approx(
        operations / (RATE * SHARE_OF_PEAK)
    )


def test_more_of_everything_takes_more():
    small = expect(TransformerConfig(vocabulary_size=10_000, d_model=128), WORK, RATE)
    for changes in ({"d_model": 256}, {"layers": 12}, {"vocabulary_size": 20_000}):
        larger = TransformerConfig(**{"vocabulary_size": 10_000, "d_model": 128} | changes)
        expected = expect(larger, WORK, RATE)
        assert expected.step_seconds > small.step_seconds and expected.memory > small.memory
    faster = expect(TransformerConfig(vocabulary_size=10_000, d_model=128), WORK, 2 * RATE)
    assert faster.step_seconds == pytest.approx(small.step_seconds / 2)


def test_memory_is_that_of_the_backend():
    # Measured with four blocks of d_model 256: 3.5 to 3.9 GB on JAX, 1.9 on PyTorch, 1.8 on
    # TensorFlow.
    config = TransformerConfig(vocabulary_size=30_522, d_model=256, layers=4, heads=4)
    for backend, low, high in (("jax", 2.8, 4.5), ("torch", 1.5, 2.5), ("tensorflow", 1.5, 2.5)):
        assert low < expect(config, WORK, RATE, backend).memory / 1e9 < high


def test_the_size_follows_time_and_corpus():
    config = TextCNNConfig(vocabulary_size=20_000)
    step = expect(config, WORK, RATE).step_seconds  # of small
    size, reason = propose_size(config, WORK, RATE, 0.9 * FEWEST_STEPS * step, tokens=10**9)
    assert size == "tiny" and "small would get about 1,800 steps only" in reason
    size, reason = propose_size(config, WORK, RATE, 1.1 * FEWEST_STEPS * step, tokens=10**9)
    assert size == "small" and "base would get about" in reason
    size, reason = propose_size(config, WORK, RATE, seconds=10**6, tokens=10**9)
    assert size == "base" and "passes over the corpus" in reason
    size, reason = propose_size(config, WORK, RATE, seconds=10**6, tokens=10**6)
    assert size == "small" and "more weights than the corpus tokens" in reason


def test_the_vocabulary_follows_the_corpus():
    assert propose_vocabulary(10_000) == 2000
    assert propose_vocabulary(1_300_000) == 8000
    assert propose_vocabulary(10**9) == 20_000
    assert vocabulary_note(8000, 1_300_000) == vocabulary_note(2000, 10) == ""
    said = vocabulary_note(20_000, 1_300_000)
    assert "met 65 times each" in said and "--vocab-size 8000" in said
    # Chinese: what is proposed holds its characters; a size that hardly differs is none.
    assert "--vocab-size 3000" in vocabulary_note(20_000, 125_000, characters=2000)
    assert vocabulary_note(3237, 125_000, characters=2000) == ""


def test_the_rate_of_this_machine_is_measured():
    assert 1e8 < matrix_rate(size=128, seconds=0.02) < 1e14
