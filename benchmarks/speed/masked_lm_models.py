"""The contestants of a masked-LM step: ours, KerasHub's, Hugging Face's, and lean steps by hand."""

import importlib
from typing import Any

import numpy as np

from benchmarks.speed.equal_work import (
    Arrays,
    assign_made_weights,
    count_parameters,
    made_weight,
)
from benchmarks.speed.fitting import Train, fitting
from benchmarks.speed.masked_lm_size import (
    ADAM_EPSILON,
    LEARNING_RATE,
    WEIGHT_DECAY,
    Size,
    padded,
)


def build(name: str, size: Size) -> tuple[int, Train]:
    """A contestant by its name: its number of parameters, and what trains it."""
    from kerasbert.training.precision import computing_in

    with computing_in(size.precision):
        if name.startswith("kerasbert"):
            return build_kerasbert(size, default=name == "kerasbert-default")
        if name == "lean":
            return build_lean(size)
        if name == "kerashub":
            return build_kerashub(size)
        return build_huggingface(size, name.removeprefix("huggingface"))


def our_model(size: Size, default: bool = False) -> tuple[Any, Any]:
    """Ours, not compiled, and its objectives.

    The default setting is pre-norm with rotary positions, without dropout inside the attention.
    """
    from kerasbert.config import TransformerConfig
    from kerasbert.models import build_embedding, build_encoder, build_pretrain_model
    from kerasbert.tasks import MaskedLM

    further: dict[str, Any] = {} if default else {"attention_dropout": size.dropout}
    config = (TransformerConfig if default else TransformerConfig.bert)(
        vocabulary_size=size.vocabulary_size, d_model=size.d_model, layers=size.layers,
        heads=size.heads, d_ff=size.d_ff, dropout=size.dropout, max_positions=size.length,
        **further,
    )  # fmt: skip
    tasks = [MaskedLM(vocabulary_size=size.vocabulary_size, max_predictions=size.masked)]
    model = build_pretrain_model(build_embedding(config), build_encoder(config), tasks)
    assign_made_weights(model)
    return model, tasks


def build_kerasbert(size: Size, default: bool) -> tuple[int, Train]:
    """Ours, as `pretrain` trains it."""
    from kerasbert.models import compile_pretrain
    from kerasbert.training.optimizers import AdamW

    model, tasks = our_model(size, default)
    optimizer = AdamW(LEARNING_RATE, weight_decay=WEIGHT_DECAY, epsilon=ADAM_EPSILON)
    compile_pretrain(model, tasks, optimizer)

    def example(batch: Arrays) -> tuple:
        inputs = {name: batch[name] for name in ("token_ids", "segment_ids", "masked_positions")}
        return inputs, {"masked_lm": batch["target"]}, {"masked_lm": batch["weight"]}

    return count_parameters(model), fitting(model, example)


def build_lean(size: Size) -> tuple[int, Train]:
    """The same step in the backend's own functions, `lean_jax` and its like."""
    import keras

    model, _ = our_model(size)
    weights = {
        weight.path: made_weight(weight.path, weight.shape) for weight in model.trainable_weights
    }
    lean = importlib.import_module(f"benchmarks.speed.lean_{keras.backend.backend()}")
    train = lean.build(size, weights)
    return count_parameters(model), lambda batches: float(np.mean([train(b) for b in batches]))


def build_kerashub(size: Size) -> tuple[int, Train]:
    """KerasHub's model from its backbone, without its preprocessor."""
    import keras
    from keras_hub.models import BertBackbone, BertMaskedLM

    backbone = BertBackbone(
        vocabulary_size=size.vocabulary_size, num_layers=size.layers, num_heads=size.heads,
        hidden_dim=size.d_model, intermediate_dim=size.d_ff, dropout=size.dropout,
        max_sequence_length=size.length,
    )  # fmt: skip
    model = BertMaskedLM(backbone)
    for weight in model.trainable_weights:
        weight.assign(kerashub_weight(weight.path, tuple(weight.shape)))
    loss = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, reduction="mean_with_sample_weight"
    )
    optimizer = keras.optimizers.AdamW(
        LEARNING_RATE, weight_decay=WEIGHT_DECAY, epsilon=ADAM_EPSILON
    )
    model.compile(optimizer=optimizer, loss=loss, weighted_metrics=[])

    def example(batch: Arrays) -> tuple:
        inputs = {name: batch[name] for name in ("token_ids", "segment_ids")}
        inputs["padding_mask"] = (batch["token_ids"] != 0).astype(np.int32)
        inputs["mask_positions"] = batch["masked_positions"]
        return inputs, batch["target"], batch["weight"]

    return count_parameters(model), fitting(model, example)


def build_huggingface(size: Size, variant: str) -> tuple[int, Train]:
    """Hugging Face's model in PyTorch, rows padded to one length.

    As its own forward() computes the loss; "-compiled" the same under torch.compile;
    "-masked-only" gathers the states at the masked positions before its head. On the GPU if there
    is one; bfloat16 is PyTorch's autocast.
    """
    import torch
    from transformers import BertConfig, BertForMaskedLM

    torch.manual_seed(0)
    model = BertForMaskedLM(
        BertConfig(
            vocab_size=size.vocabulary_size, hidden_size=size.d_model,
            num_hidden_layers=size.layers, num_attention_heads=size.heads,
            intermediate_size=size.d_ff, max_position_embeddings=size.length,
            hidden_dropout_prob=size.dropout, attention_probs_dropout_prob=size.dropout,
        )
    )  # fmt: skip
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(torch.from_numpy(huggingface_weight(name, tuple(weight.shape))))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).train()
    optimizer = torch.optim.AdamW(
        model.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY, eps=ADAM_EPSILON
    )
    autocast = torch.autocast(device.type, torch.bfloat16, enabled=size.precision == "bfloat16")
    forward = torch.compile(model) if variant == "-compiled" else model

    def loss_of(batch: Arrays) -> Any:
        batch = padded(batch, size)
        tokens, segments, positions, targets = (
            torch.from_numpy(batch[name].astype(np.int64)).to(device)
            for name in ("token_ids", "segment_ids", "masked_positions", "target")
        )
        used = torch.from_numpy(batch["weight"]).to(device) > 0
        targets = targets.masked_fill(~used, -100)
        inputs = {"input_ids": tokens, "token_type_ids": segments}
        inputs["attention_mask"] = (tokens != 0).long()
        if variant != "-masked-only":
            # Unused slots point to position 0, which holds [CLS] and is never masked.
            slots = torch.where(used, positions, 0)
            labels = torch.full_like(tokens, -100).scatter(1, slots, targets)
            return forward(**inputs, labels=labels).loss
        states = model.bert(**inputs).last_hidden_state
        index = positions[..., None].expand(-1, -1, states.shape[-1])
        logits = model.cls(states.gather(1, index))
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())

    def train(batches: list[Arrays]) -> float:
        losses = []
        for batch in batches:
            optimizer.zero_grad()
            with autocast:
                loss = loss_of(batch)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())  # a number only at the end: a GPU works ahead
        return float(torch.stack(losses).mean())

    return sum(p.numel() for p in model.parameters() if p.requires_grad), train


HUGGINGFACE_PATHS = {
    "bert.embeddings.word_embeddings.weight": "embedding/token_table",
    "bert.embeddings.token_type_embeddings.weight": "embedding/segment_table",
    "bert.embeddings.position_embeddings.weight": "embedding/position_table",
    "bert.embeddings.LayerNorm": "embedding/norm",
    "attention.output.dense": "attention/output",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "feed_forward_inner",
    "output.dense": "feed_forward_outer",
    "output.LayerNorm": "feed_forward_norm",
    "cls.predictions.transform.dense": "masked_lm_transform",
    "cls.predictions.transform.LayerNorm": "masked_lm_norm",
    "cls.predictions.bias": "masked_lm/bias",
}


def our_block(name: str, prefix: str, separator: str) -> tuple[str, str]:
    """Our path of the block that a name of theirs is in, "" for none, and the rest of the name."""
    if not name.startswith(prefix):
        return "", name
    number, rest = name.removeprefix(prefix).split(separator, 1)
    return f"encoder/block_{number}/", rest


def huggingface_weight(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The value of one of their parameters: that of ours which does the same."""
    if name in HUGGINGFACE_PATHS:
        return made_weight(HUGGINGFACE_PATHS[name], shape)
    module, kind = name.rsplit(".", 1)
    block, module = our_block(module, "bert.encoder.layer.", ".")
    if module.startswith("attention.self."):  # ours holds query, key and value in one
        third = ("query", "key", "value").index(module.rsplit(".", 1)[1])
        path, whole = f"{block}attention/qkv", (3 * shape[0],)
    else:
        third, path, whole = 0, block + HUGGINGFACE_PATHS[module], (shape[0],)
    if kind == "bias":
        part = "beta" if path.endswith("norm") else "bias"
    else:
        part = "gamma" if path.endswith("norm") else "kernel"
    value = made_weight(f"{path}/{part}", (*shape[1:], *whole))
    value = value[..., third * shape[0] : (third + 1) * shape[0]]
    return np.ascontiguousarray(value.T)


KERASHUB_PATHS = {
    "token_embedding/embeddings": "embedding/token_table",
    "segment_embedding/embeddings": "embedding/segment_table",
    "position_embedding/embeddings": "embedding/position_table",
    "embeddings_layer_norm": "embedding/norm",
    "self_attention_layer/attention_output": "attention/output",
    "self_attention_layer_norm": "attention_norm",
    "feedforward_intermediate_dense": "feed_forward_inner",
    "feedforward_output_dense": "feed_forward_outer",
    "feedforward_layer_norm": "feed_forward_norm",
    "mlm_head/intermediate_dense": "masked_lm_transform",
    "mlm_head/intermediate_layer_norm": "masked_lm_norm",
    "mlm_head/output_bias": "masked_lm/bias",
    "pooled_dense": "pooled_dense",  # nothing of ours: the objective doesn't use it
}


def kerashub_weight(path: str, shape: tuple[int, ...]) -> np.ndarray:
    """The value of one of their weights: that of ours which does the same."""
    if path in KERASHUB_PATHS:
        return made_weight(KERASHUB_PATHS[path], shape)
    layer, part = path.rsplit("/", 1)
    block, layer = our_block(layer, "transformer_layer_", "/")
    if layer in KERASHUB_PATHS:
        name = f"{block}{KERASHUB_PATHS[layer]}/{part}"
        flat = (-1, shape[-1]) if part == "kernel" else (-1,)
        return made_weight(name, np.empty(shape).reshape(flat).shape).reshape(shape)
    third = ("query", "key", "value").index(layer.removeprefix("self_attention_layer/"))
    width = shape[-2] * shape[-1]  # heads side by side
    value = made_weight(f"{block}attention/qkv/{part}", (*shape[:-2], 3 * width))
    return value[..., third * width : (third + 1) * width].reshape(shape)
