"""ModernBERT: an encoder of its own, without token types, and with biases nowhere.

Ours has offsets in the normalizations of embedding and head, a bias in the head, and rows for
segments: they are 0 here.

Source: Warner et al. 2024, https://arxiv.org/abs/2412.13663.
"""

import numpy as np

from kerasbert.checkpoints import shapes
from kerasbert.checkpoints.public_folder import Settings
from kerasbert.checkpoints.shapes import Arrays, Head
from kerasbert.checkpoints.tensors import Tensors
from kerasbert.choices import VocabularyFiles
from kerasbert.config import ModernBertConfig
from kerasbert.errors import InputError

TOKENS = "embeddings.tok_embeddings.weight"
_FULL, _LOCAL = "full_attention", "sliding_attention"


class ModernBert:
    """The family of `ModernBertModel`; see `Family`."""

    model_types: tuple[str, ...] = ("modernbert",)
    prefixes: tuple[str, ...] = ("model.",)
    probe = TOKENS
    vocabulary_files: VocabularyFiles = "none"

    def architecture(self, settings: Settings) -> ModernBertConfig:
        settings.ignore("initializer_cutoff_factor", "deterministic_flash_attn", "decoder_bias")
        settings.ignore("sparse_prediction", "sparse_pred_ignore_index", "embedding_dropout")
        settings.ignore(
            "classifier_pooling", "classifier_dropout", "reference_compile", "pad_token_id"
        )
        settings.ignore("id2label", "label2id", "problem_type", "repad_logits_with_grad")
        for name in ("norm_bias", "attention_bias", "mlp_bias", "classifier_bias"):
            if settings.get(name, False):
                raise InputError(f"{settings.path}: {name} true is not read, expected false.")
        activation = shapes.activation(settings, "hidden_activation")
        if shapes.activation(settings, "classifier_activation") != activation:
            raise InputError(
                f"{settings.path}: classifier_activation is not read, expected hidden_activation's."
            )
        layers = settings.number("num_hidden_layers", 22)
        width = settings.number("hidden_size", 768)
        try:
            return ModernBertConfig(
                vocabulary_size=settings.number("vocab_size", 50_368),
                d_model=width,
                layers=layers,
                heads=settings.number("num_attention_heads", 12),
                d_ff=settings.number("intermediate_size", 1152),
                dropout=settings.number("mlp_dropout", 0.0),
                attention_dropout=settings.number("attention_dropout", 0.0),
                activation=activation,
                epsilon=settings.number("norm_eps", 1e-5),
                window=settings.number("local_attention", 128) // 2,
                global_every=_global_every(settings, layers),
                local_base=_base(settings, _LOCAL, "local_rope_theta", 10_000.0),
                global_base=_base(settings, _FULL, "global_rope_theta", 160_000.0),
                max_positions=settings.number("max_position_embeddings", 8192),
                fine_tuning_rate=shapes.fine_tuning_rate(width),
            )
        except InputError as error:
            raise InputError(f"{settings.path}: {error}") from None

    def arrays(self, tensors: Tensors, config: ModernBertConfig) -> Arrays:
        d, d_ff = config.d_model, config.arguments()["d_ff"]
        arrays = {
            "embedding/token_table": tensors.take(TOKENS, (config.vocabulary_size, d)),
            "embedding/segment_table": np.zeros((config.segments, d), np.float32),
            "embedding/norm/gamma": tensors.take("embeddings.norm.weight", (d,)),
            "embedding/norm/beta": np.zeros(d, np.float32),
            "encoder/norm/gamma": tensors.take("final_norm.weight", (d,)),
        }
        for i in range(config.layers):
            theirs, ours = f"layers.{i}", f"encoder/block_{i}"
            for name, path, inputs, outputs in (
                ("attn.Wqkv", "attention/qkv", d, 3 * d),
                ("attn.Wo", "attention/output", d, d),
                ("mlp.Wi", "feed_forward_inner", d, 2 * d_ff),
                ("mlp.Wo", "feed_forward_outer", d_ff, d),
            ):
                kernel = tensors.take(f"{theirs}.{name}.weight", (outputs, inputs))
                arrays[f"{ours}/{path}/kernel"] = kernel.T
            norms = {"mlp_norm": "feed_forward_norm"} | (
                {"attn_norm": "attention_norm"} if i else {}
            )
            for name, path in norms.items():
                arrays[f"{ours}/{path}/gamma"] = tensors.take(f"{theirs}.{name}.weight", (d,))
        return arrays

    def pooler(self, tensors: Tensors, config: ModernBertConfig) -> Arrays | None:
        return None

    def head(self, tensors: Tensors, config: ModernBertConfig) -> Head | None:
        d, vocabulary = config.d_model, config.vocabulary_size
        if not (tensors.has("head.dense.weight") and tensors.has("decoder.bias")):
            return None
        if tensors.has("decoder.weight"):
            if not np.array_equal(tensors.peek("decoder.weight"), tensors.peek(TOKENS)):
                return None
            tensors.take("decoder.weight", (vocabulary, d))
        arrays = {
            "masked_lm_transform/kernel": tensors.take("head.dense.weight", (d, d)).T,
            "masked_lm_transform/bias": np.zeros(d, np.float32),
            "masked_lm_norm/gamma": tensors.take("head.norm.weight", (d,)),
            "masked_lm_norm/beta": np.zeros(d, np.float32),
            "masked_lm/bias": tensors.take("decoder.bias", (vocabulary,)),
        }
        return Head(arrays, config.activation, config.epsilon)


def _base(settings: Settings, kind: str, name: str, default: float) -> float:
    """Of the rotary positions of a kind of attention, in the newer form of the file or the older.

    Raises:
        InputError: they are scaled.
    """
    given = settings.get("rope_parameters", {})
    given = given.get(kind) if isinstance(given, dict) else None
    given = given if isinstance(given, dict) else {}
    if settings.get("rope_scaling") or given.get("rope_type", "default") != "default":
        raise InputError(f"{settings.path}: scaled rotary positions (rope_scaling) are not read.")
    return given.get("rope_theta") or settings.number(name, default)


def _global_every(settings: Settings, layers: int) -> int:
    """Of so many blocks the first is global.

    Raises:
        InputError: which blocks are has another order.
    """
    every = settings.number("global_attn_every_n_layers", 3)
    types = settings.get("layer_types")
    if types is None:
        return every
    if not isinstance(types, list):
        raise InputError(f"{settings.path}: layer_types: expected a list, received {types!r}.")
    others = [i for i, kind in enumerate(types) if i and kind == _FULL]
    every = others[0] if others else max(layers, 1)
    regular = [_LOCAL if i % every else _FULL for i in range(len(types))]
    if types != regular or len(types) != layers:
        raise InputError(
            f"{settings.path}: layer_types: expected {_FULL} in the first of every so many layers,"
            f" {_LOCAL} in the others, received {types}."
        )
    return every
