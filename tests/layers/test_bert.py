"""With BERT's settings the Transformer computes what BERT computes, weight for weight."""

import keras
import numpy as np
import pytest

from kerasbert.config import TransformerConfig
from kerasbert.layers import Pooling
from kerasbert.models import build_embedding, build_encoder, build_encoder_model

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")

VOCABULARY, WIDTH, LAYERS, HEADS, POSITIONS = 97, 24, 3, 4, 20


def bert():
    torch.manual_seed(0)
    model = transformers.BertModel(
        transformers.BertConfig(
            vocab_size=VOCABULARY,
            hidden_size=WIDTH,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            intermediate_size=4 * WIDTH,
            max_position_embeddings=POSITIONS,
            hidden_act="gelu",
        )
    ).eval()
    with torch.no_grad():  # biases and norms start at 0 and 1: make every weight count
        for parameter in model.parameters():
            parameter.normal_(0, 0.3)
    return model


def test_both_outputs_agree_with_transformers():
    theirs = bert()
    config = TransformerConfig.bert(
        vocabulary_size=VOCABULARY,
        d_model=WIDTH,
        layers=LAYERS,
        heads=HEADS,
        max_positions=POSITIONS,
    )
    ours = build_encoder_model(
        build_embedding(config),
        build_encoder(config),
        Pooling("cls", projection=True, name="pooling"),
    )
    weights = {name: value.numpy() for name, value in theirs.state_dict().items()}
    used = set()

    def take(name):
        used.add(name)
        value = weights[name]
        return value.T if value.ndim == 2 and "embeddings" not in name else value

    def dense(name):
        return [take(f"{name}.weight"), take(f"{name}.bias")]

    def joined(prefix):
        parts = [dense(f"{prefix}.{part}") for part in ("query", "key", "value")]
        kernels, biases = zip(*parts, strict=True)
        return [np.concatenate(kernels, axis=1), np.concatenate(biases)]

    embedding = ours.get_layer("embedding")
    embedding.token_table.assign(take("embeddings.word_embeddings.weight"))
    embedding.segment_table.assign(take("embeddings.token_type_embeddings.weight"))
    embedding.position_table.assign(take("embeddings.position_embeddings.weight"))
    embedding.norm.set_weights(dense("embeddings.LayerNorm"))
    for number, block in enumerate(ours.get_layer("encoder").blocks):
        prefix = f"encoder.layer.{number}"
        block.attention.qkv.set_weights(joined(f"{prefix}.attention.self"))
        block.attention.output_projection.set_weights(dense(f"{prefix}.attention.output.dense"))
        block.attention_norm.set_weights(dense(f"{prefix}.attention.output.LayerNorm"))
        block.inner.set_weights(dense(f"{prefix}.intermediate.dense"))
        block.outer.set_weights(dense(f"{prefix}.output.dense"))
        block.feed_forward_norm.set_weights(dense(f"{prefix}.output.LayerNorm"))
    ours.get_layer("pooling").dense.set_weights(dense("pooler.dense"))
    assert used == {name for name in weights if not name.endswith("position_ids")}
    assert ours.count_params() == sum(weights[name].size for name in used)

    rng = np.random.default_rng(0)
    token_ids = rng.integers(1, VOCABULARY, (3, 12)).astype(np.int32)
    token_ids[1, 7:] = 0
    token_ids[2, 3:] = 0
    segment_ids = (np.arange(12) >= 5).astype(np.int32) * (token_ids != 0)
    with torch.no_grad():
        expected = theirs(
            input_ids=torch.tensor(token_ids, dtype=torch.long),
            token_type_ids=torch.tensor(segment_ids, dtype=torch.long),
            attention_mask=torch.tensor(token_ids != 0, dtype=torch.long),
        )
    found = ours({"token_ids": token_ids, "segment_ids": segment_ids.astype(np.int32)})
    sequence = keras.ops.convert_to_numpy(found["sequence"])
    pooled = keras.ops.convert_to_numpy(found["pooled"])
    text = token_ids != 0
    np.testing.assert_allclose(
        sequence[text], expected.last_hidden_state.numpy()[text], atol=1e-5, rtol=0
    )
    np.testing.assert_allclose(pooled, expected.pooler_output.numpy(), atol=1e-5, rtol=0)
