"""ModernBERT: an encoder of its own, without token types, and with biases nowhere.

Nor has ours, but in runs of earlier versions: offsets in the normalizations of embedding and head,
a bias in the head, and rows for segments. They leave if they are 0. A classifier's head has them.

Source: Warner et al. 2024, https://arxiv.org/abs/2412.13663.
"""

from collections.abc import Mapping
from typing import Any

from kerasbert.checkpoints import shapes
from kerasbert.checkpoints.heads import (
    ClassifierHead,
    MaskedLMHead,
    masked_lm_places,
    transformed,
)
from kerasbert.checkpoints.places import Arrays, Place, norm
from kerasbert.checkpoints.public_folder import Settings
from kerasbert.choices import PoolingName, VocabularyFiles
from kerasbert.config import ModernBertConfig
from kerasbert.errors import InputError

TOKENS = "embeddings.tok_embeddings.weight"
_FULL, _LOCAL = "full_attention", "sliding_attention"

NUMBERS: shapes.Numbers = {
    "vocabulary_size": ("vocab_size", 50_368),
    "d_model": ("hidden_size", 768),
    "layers": ("num_hidden_layers", 22),
    "heads": ("num_attention_heads", 12),
    "d_ff": ("intermediate_size", 1152),
    "dropout": ("mlp_dropout", 0.0),
    "attention_dropout": ("attention_dropout", 0.0),
    "epsilon": ("norm_eps", 1e-5),
    "max_positions": ("max_position_embeddings", 8192),
}


class ModernBert:
    """The family of `ModernBertModel`; see `Family`."""

    model_types: tuple[str, ...] = ("modernbert",)
    class_name: Mapping[str, str] = {"modernbert": "ModernBert"}
    prefixes: tuple[str, ...] = ("model.",)
    parts: tuple[str, ...] = ("embeddings", "layers", "final_norm")
    plain_token_heads: bool = False
    table = TOKENS
    vocabulary_files: VocabularyFiles = "none"
    numbers: shapes.Numbers = NUMBERS

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
        numbers = shapes.numbers(settings, self.numbers)
        try:
            return ModernBertConfig(
                **numbers,
                activation=activation,
                window=settings.number("local_attention", 128) // 2,
                global_every=_global_every(settings, numbers["layers"]),
                local_base=_base(settings, _LOCAL, "local_rope_theta", 10_000.0),
                global_base=_base(settings, _FULL, "global_rope_theta", 160_000.0),
                fine_tuning_rate=shapes.fine_tuning_rate(numbers["d_model"]),
                model_type=settings.model_type,
            )
        except InputError as error:
            raise InputError(f"{settings.path}: {error}") from None

    def places(self, config: ModernBertConfig) -> list[Place]:
        d, d_ff = config.d_model, config.arguments()["d_ff"]
        places = [
            Place("embedding/token_table", (TOKENS,), (config.vocabulary_size, d)),
            Place("embedding/norm/gamma", ("embeddings.norm.weight",), (d,)),
            Place("encoder/norm/gamma", ("final_norm.weight",), (d,)),
        ]
        if config.segments:
            places.append(Place("embedding/segment_table", (), (config.segments, d)))
            places.append(Place("embedding/norm/beta", (), (d,)))
        for i in range(config.layers):
            theirs, ours = f"layers.{i}", f"encoder/block_{i}"
            for name, path, inputs, outputs in (
                ("attn.Wqkv", "attention/qkv", d, 3 * d),
                ("attn.Wo", "attention/output", d, d),
                ("mlp.Wi", "feed_forward_inner", d, 2 * d_ff),
                ("mlp.Wo", "feed_forward_outer", d_ff, d),
            ):
                kernel = (f"{theirs}.{name}.weight",)
                places.append(Place(f"{ours}/{path}/kernel", kernel, (outputs, inputs), True))
            norms = {"mlp_norm": "feed_forward_norm"} | (
                {"attn_norm": "attention_norm"} if i else {}
            )
            places += [
                Place(f"{ours}/{path}/gamma", (f"{theirs}.{name}.weight",), (d,))
                for name, path in norms.items()
            ]
        return places

    def pooler(self, config: ModernBertConfig) -> list[Place]:
        return []

    def masked_lm(self, config: ModernBertConfig) -> MaskedLMHead:
        d = config.d_model
        places = masked_lm_places("head.dense", "head.norm", d, d, bias=False)
        if not config.segments:
            places = [place for place in places if place.names]
        return MaskedLMHead(
            places,
            biased=config.segments > 0,
            bias="decoder.bias",
            decoder="decoder",
            activation=config.activation,
            epsilon=config.epsilon,
        )

    def classifier(
        self, config: ModernBertConfig, settings: Settings | None = None
    ) -> ClassifierHead:
        d, pooling = config.d_model, "cls" if settings is None else _pooling(settings)
        places = [
            *transformed("head.dense", d, bias=False),
            *norm("head.norm", "classifier_norm", d, bias=False),
        ]
        return ClassifierHead(places, "classifier", config.activation, pooling, config.epsilon)

    def public(self, config: ModernBertConfig, arrays: Arrays) -> dict[str, Any]:
        activation, layers = shapes.public_activation(config.activation), range(config.layers)
        return {
            **shapes.public_numbers(config, self.numbers),
            "pad_token_id": config.pad_id,
            "hidden_activation": activation,
            "classifier_activation": activation,
            "local_attention": 2 * config.window,
            # In the older form of the file, and in that of transformers 5.
            "global_attn_every_n_layers": config.global_every,
            "local_rope_theta": config.local_base,
            "global_rope_theta": config.global_base,
            "layer_types": [_LOCAL if i % config.global_every else _FULL for i in layers],
            "rope_parameters": {
                kind: {"rope_type": "default", "rope_theta": base}
                for kind, base in ((_LOCAL, config.local_base), (_FULL, config.global_base))
            },
        }


def _pooling(settings: Settings) -> PoolingName:
    found = settings.get("classifier_pooling", "cls")
    if found not in ("cls", "mean"):
        raise InputError(
            f"{settings.path}: classifier_pooling {found!r} is unknown, expected cls or mean."
        )
    return found


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
