"""The backbones of KerasHub whose layers are ours: their classes, numbers and names of weights.

One map between their names and those of Hugging Face, which is read and written. What a class
fixes and no config of its own says stands in `Form`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kerasbert.checkpoints import bert, distilbert
from kerasbert.checkpoints.places import Arrays
from kerasbert.checkpoints.shapes import BlockNames

POOLER = {"pooled_dense": "pooler.dense"}
_BLOCK = "transformer_layer_{}"
_OF_BLOCK = {  # fields of `BlockNames`
    "self_attention_layer/query": "query",
    "self_attention_layer/key": "key",
    "self_attention_layer/value": "value",
    "self_attention_layer/attention_output": "output",
    "self_attention_layer_norm": "attention_norm",
    "feedforward_intermediate_dense": "inner",
    "feedforward_output_dense": "outer",
    "feedforward_layer_norm": "outer_norm",
}
_TABLES = {
    "token": "embeddings.word_embeddings",
    "position": "embeddings.position_embeddings",
    "segment": "embeddings.token_type_embeddings",
}


@dataclass(frozen=True)
class Form:
    """A class of KerasHub, and the model of Hugging Face that computes the same.

    Attributes:
        model_type: of that.
        fixed: what else config.json says: what the class fixes, the activation among it.
        epsilon: of its normalizations, which it fixes, too.
        tables: the names of their tables, by "token", "position" and perhaps "segment".
        blocks: what Hugging Face calls the parts of a block.
        numbers: the arguments of the class by the names of config.json.
        attention_dropout: its name in config.json.
        pooler: whether it has a dense layer with tanh over [CLS].
        before: rows of Hugging Face's positions before the first that a text has.
    """

    model_type: str
    fixed: Mapping[str, Any]
    epsilon: float
    tables: Mapping[str, str]
    blocks: BlockNames = bert.BLOCKS
    numbers: Mapping[str, str] = field(default_factory=dict)
    attention_dropout: str = "attention_probs_dropout_prob"
    pooler: bool = False
    before: int = 0

    def settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """config.json of Hugging Face, from the arguments of the class."""
        numbers = {public: config[name] for name, public in self.numbers.items()}
        numbers["max_position_embeddings"] += self.before
        # The classes have one dropout for both.
        dropout = {self.attention_dropout: config["dropout"]}
        return {"model_type": self.model_type, **numbers, **dropout, **self.fixed}

    def names(self, layers: int, projected: bool = False) -> dict[str, str]:
        """By theirs the names of Hugging Face, both without the name of the weight at the end."""
        names = {"embeddings_layer_norm": "embeddings.LayerNorm"}
        names |= POOLER if self.pooler else {}
        names |= {"embeddings_projection": "embeddings_project"} if projected else {}
        for number in range(layers):
            block = self.blocks.block.format(number)
            for theirs, part in _OF_BLOCK.items():
                public = f"{block}.{getattr(self.blocks, part)}"
                names[f"{_BLOCK.format(number)}/{theirs}"] = public
        return names


_APART = {kind: f"{kind}_embedding" for kind in ("token", "position", "segment")}
_TANH = {"hidden_act": "gelu_new", "layer_norm_eps": 1e-12}
_ERF = {"hidden_act": "gelu", "layer_norm_eps": 1e-5}
_NUMBERS = {
    "vocabulary_size": "vocab_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "hidden_dim": "hidden_size",
    "intermediate_dim": "intermediate_size",
    "dropout": "hidden_dropout_prob",
    "max_sequence_length": "max_position_embeddings",
}
_SEGMENTS = {"num_segments": "type_vocab_size"}


def _together(name: str) -> dict[str, str]:
    return {kind: f"{name}/{kind}_embedding" for kind in ("token", "position")}


def _roberta(model_type: str) -> Form:
    fixed = {**_ERF, "type_vocab_size": 1, "pad_token_id": 1}
    return Form(model_type, fixed, 1e-5, _together("embeddings"), numbers=_NUMBERS, before=2)


FORMS: dict[str, Form] = {
    "BertBackbone": Form("bert", _TANH, 1e-12, _APART, numbers=_NUMBERS | _SEGMENTS, pooler=True),
    "DistilBertBackbone": Form(
        "distilbert",
        {"activation": "gelu"},
        1e-12,
        _together("token_and_position_embedding"),
        distilbert.BLOCKS,
        {
            "vocabulary_size": "vocab_size",
            "num_layers": "n_layers",
            "num_heads": "n_heads",
            "hidden_dim": "dim",
            "intermediate_dim": "hidden_dim",
            "dropout": "dropout",
            "max_sequence_length": "max_position_embeddings",
        },
        "attention_dropout",
    ),
    "ElectraBackbone": Form(
        "electra",
        _TANH,
        1e-12,
        _APART,
        numbers={
            **{name: public for name, public in _NUMBERS.items() if name != "vocabulary_size"},
            **_SEGMENTS,
            "vocab_size": "vocab_size",
            "embedding_dim": "embedding_size",
        },
    ),
    "RobertaBackbone": _roberta("roberta"),
    "XLMRobertaBackbone": _roberta("xlm-roberta"),
}


def to_hugging_face(form: Form, config: Mapping[str, Any], weights: Arrays) -> Arrays:
    """The weights of a backbone by the names of Hugging Face; what has none keeps its own.

    Args:
        form: of its class.
        config: the arguments of its class.
        weights: its own, by their paths.
    """
    names = form.names(config["num_layers"], projected=True)
    found = {}
    for kind, table in form.tables.items():
        rows = weights[f"{table}/embeddings"]
        if kind == "position" and form.before:
            rows = np.concatenate([np.zeros((form.before, rows.shape[1]), rows.dtype), rows])
        found[f"{_TABLES[kind]}.weight"] = rows
    if form.fixed.get("type_vocab_size"):
        width = found[f"{_TABLES['token']}.weight"].shape[1]
        found[f"{_TABLES['segment']}.weight"] = np.zeros((1, width), np.float32)
    tables = {f"{table}/embeddings" for table in form.tables.values()}
    for path, array in weights.items():
        layer, _, last = path.rpartition("/")
        if path in tables:
            continue
        if layer not in names:
            found[path] = array
        elif last == "kernel":
            found[f"{names[layer]}.weight"] = _flat(layer, array).T
        elif last == "gamma":
            found[f"{names[layer]}.weight"] = array
        else:
            found[f"{names[layer]}.bias"] = array.reshape(-1)
    return found


def from_hugging_face(form: Form, config: Mapping[str, Any], public: Arrays) -> Callable[..., Any]:
    """What gives a weight of a backbone its values: by its path and shape, from public ones."""
    names = form.names(config["num_layers"], projected=True)
    tables = {f"{table}/embeddings": kind for kind, table in form.tables.items()}

    def weight(path: str, shape: tuple[int, ...]) -> np.ndarray:
        if (kind := tables.get(path)) is not None:
            rows = public[f"{_TABLES[kind]}.weight"]
            return rows[len(rows) - shape[0] :]
        layer, _, last = path.rpartition("/")
        array = public[f"{names[layer]}.{'weight' if last in ('kernel', 'gamma') else 'bias'}"]
        return (array.T if last == "kernel" else array).reshape(shape)

    return weight


def _flat(layer: str, kernel: np.ndarray) -> np.ndarray:
    """A kernel as a matrix; those of attention have an axis for the heads."""
    if re.search(r"/attention_output$", layer):
        return kernel.reshape(-1, kernel.shape[-1])
    return kernel.reshape(kernel.shape[0], -1)
