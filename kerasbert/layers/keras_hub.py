"""A text backbone of KerasHub as two layers: an embedding, and an encoder behind it.

Both are cut out of the graph of the backbone, at the first states from which no id of a token or a
segment is needed any more. KerasHub is imported when such a layer is made, not before.
"""

import copy
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from kerasbert.layers.dense import product
from kerasbert.without_tensorflow import import_keras_hub

TOKENS, SEGMENTS, MASK = "token_ids", "segment_ids", "padding_mask"


class BackboneParts:
    """The two parts of a backbone.

    With B batch, L length, D width:

        front  {"token_ids": (B, L), "segment_ids": (B, L)} int32 -> (B, L, D) float; the latter
               where the backbone has it
        back   [(B, L, D) float, (B, L) int32, the padding mask] -> (B, L, D) float

    Args:
        backbone: a backbone of KerasHub, a functional model.

    Raises:
        ValueError: it takes other inputs, gives other states, or cannot be cut in two.
    """

    def __init__(self, backbone: Any):
        name = type(backbone).__name__
        inputs = backbone.input
        named = isinstance(inputs, dict) and {TOKENS, MASK} <= set(inputs)
        if not named or set(inputs) - {TOKENS, SEGMENTS, MASK}:
            raise ValueError(
                f"Expected a backbone that takes token_ids and padding_mask, and perhaps"
                f" segment_ids. Received: {name}, which takes {', '.join(sorted(inputs))}"
                if isinstance(inputs, dict)
                else f"Expected a backbone with named inputs. Received: {name}"
            )
        output = backbone.output
        states = output.get("sequence_output") if isinstance(output, dict) else output
        if states is None or len(states.shape) != 3:
            raise ValueError(f"Expected a backbone with states (B, L, D). Received: {name}")
        self.width = states.shape[-1]
        ids = {key: inputs[key] for key in (TOKENS, SEGMENTS) if key in inputs}
        for tensor in _candidates(backbone, self.width):
            try:
                self.front = keras.Model(ids, tensor, name="front")
                self.back = keras.Model([tensor, inputs[MASK]], states, name="back")
            except ValueError:  # one of the two needs more than it is given
                continue
            return
        raise ValueError(
            "Expected a backbone with states between embedding and encoder that hold all of token"
            f" and segment ids. Received: {name}"
        )


def backbone_from(config: dict[str, Any], layer: keras.layers.Layer, seed: int) -> Any:
    """A backbone from what Keras writes of it, for a layer, whose name its weights get in front.

    It computes by the policy of the layer; its dropout is repeatable by the seed.
    """
    import_keras_hub()
    config = copy.deepcopy(config)
    config["config"]["dtype"] = keras.dtype_policies.serialize(layer.dtype_policy)
    with keras.name_scope(layer.name):
        made = keras.saving.deserialize_keras_object(config)
    for number, layer in enumerate(made._flatten_layers()):
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            generator.state.assign([seed + number, 0])
    return made


def token_table(backbone: Any) -> Any:
    """The variable (rows, width) of the token embedding, or None."""
    return getattr(getattr(backbone, "token_embedding", None), "embeddings", None)


def _candidates(backbone: Any, width: int) -> Iterator[Any]:
    """States (B, L, D) of layers that are called once, in their order."""
    for layer in backbone.layers:
        try:
            tensor = layer.output
        except AttributeError:  # called more than once
            continue
        shape: Any = getattr(tensor, "shape", ())
        if len(shape) == 3 and shape[-1] == width and keras.backend.is_float_dtype(tensor.dtype):
            yield tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class KerasHubEmbedding(keras.layers.Layer):
    """What a backbone of KerasHub computes before its encoder.

    With B batch, L length, D width, V = `vocabulary_size`:

        token_ids    (B, L)     int in [0, V)
        segment_ids  (B, L)     int; all 0 if left out, and ignored where the backbone has none
        returns      (B, L, D)  float

    Called with `reverse=True` it computes vocabulary scores with the same token table:

        hidden       (B, M, W)  float, as wide as the table, or D wide where that has a projection
        returns      (B, M, V)  float

    Args:
        backbone: how Keras writes it.
        vocabulary_size: V, the tokens; the table may have more rows.
        pad_id: the token id of padding, which models mask.
        seed: of dropout.

    Raises:
        ValueError: see `BackboneParts`.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        vocabulary_size: int,
        pad_id: int = 0,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.backbone, self.seed = backbone, seed
        self.vocabulary_size, self.pad_id = vocabulary_size, pad_id
        whole = backbone_from(backbone, self, seed)
        parts = BackboneParts(whole)
        self.d_model = parts.width
        self.part = parts.front
        table = token_table(whole)
        kernel = getattr(getattr(whole, "embeddings_projection", None), "kernel", None)
        # Behind a function, so that Keras does not count twice what `part` has.
        self._of_scores = lambda: (table, kernel)
        self.built = True

    @property
    def token_table(self):
        """(V, W) float, the rows of the tokens."""
        return self._of_scores()[0][: self.vocabulary_size]

    @property
    def width(self) -> int:
        """W, of the rows."""
        return self._of_scores()[0].shape[-1]

    def call(self, inputs, segment_ids=None, reverse=False, training=None):
        if reverse:
            return self._scores(inputs)
        given = {TOKENS: inputs}
        if SEGMENTS in self.part.input:
            given[SEGMENTS] = ops.zeros_like(inputs) if segment_ids is None else segment_ids
        return self.part(given, training=training)

    def _scores(self, hidden):
        table, kernel = self._of_scores()
        if table is None:
            raise ValueError("The backbone has no table of tokens to score them with.")
        if hidden.shape[-1] != self.width:
            if kernel is None:
                raise ValueError(
                    f"Expected states {self.width} wide, as the table of tokens is. Received:"
                    f" {tuple(hidden.shape)}"
                )
            hidden = product(hidden, ops.transpose(ops.cast(kernel, hidden.dtype)))
        return product(hidden, ops.transpose(ops.cast(self.token_table, hidden.dtype)))

    def compute_output_spec(self, inputs, segment_ids=None, reverse=False, training=None):
        last = self.vocabulary_size if reverse else self.d_model
        shape = (*inputs.shape[:-1], last) if reverse else (*inputs.shape, last)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        return super().get_config() | {
            "backbone": self.backbone,
            "vocabulary_size": self.vocabulary_size,
            "pad_id": self.pad_id,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="kerasbert")
class KerasHubEncoder(keras.layers.Layer):
    """What a backbone of KerasHub computes behind its embedding.

    With B batch, L length, D width:

        hidden        (B, L, D)  float
        padding_mask  (B, L)     bool, True where there is no padding
        returns       (B, L, D)  float

    Args:
        backbone: how Keras writes it.
        seed: of dropout.

    Raises:
        ValueError: see `BackboneParts`.
    """

    def __init__(self, backbone: dict[str, Any], seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.backbone, self.seed = backbone, seed
        parts = BackboneParts(backbone_from(backbone, self, seed))
        self.d_model = parts.width
        self.part = parts.back
        self.built = True

    def call(self, hidden, padding_mask, training=None):
        mask = ops.cast(padding_mask, "int32")
        return self.part([hidden, mask], training=training)

    def compute_output_spec(self, hidden, padding_mask, training=None):
        return keras.KerasTensor(tuple(hidden.shape), dtype=self.compute_dtype)

    def get_config(self):
        return super().get_config() | {"backbone": self.backbone, "seed": self.seed}
