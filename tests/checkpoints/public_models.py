"""Makes small random public models with transformers, and writes down what they answer.

A process of its own: no test but on PyTorch has PyTorch in it. `python public_models.py FOLDER`.
"""

import json
import sys
from pathlib import Path

import numpy as np

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "##s", "un", "##able", "café"]
LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]
VOCABULARY = [*WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS), "日", "本", "."]
LABELS = ["animal", "plant", "neither of them"]
SMALL = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "max_position_embeddings": 40,
}


def byte_vocabulary() -> tuple[dict[str, int], list[str]]:
    """Of all bytes, and two merges."""
    from tokenizers.pre_tokenizers import ByteLevel

    merges = ["Ġ t", "Ġt h"]
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *sorted(ByteLevel.alphabet()), "Ġt", "Ġth", "<mask>"]
    return {token: index for index, token in enumerate(tokens)}, merges


def write_words(folder: Path, **config) -> None:
    folder.joinpath("vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    values = {"tokenizer_class": "BertTokenizer", **config}
    folder.joinpath("tokenizer_config.json").write_text(json.dumps(values))


def write_tokenizer_json(folder: Path) -> None:
    """What vocab.txt says, in the newer form."""
    from transformers import BertTokenizer

    BertTokenizer.from_pretrained(folder).save_pretrained(folder)
    folder.joinpath("vocab.txt").unlink(missing_ok=True)


def write_bytes(folder: Path, **config) -> None:
    vocabulary, merges = byte_vocabulary()
    folder.joinpath("vocab.json").write_text(json.dumps(vocabulary))
    folder.joinpath("merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n")
    values = {"tokenizer_class": "RobertaTokenizer", **config}
    folder.joinpath("tokenizer_config.json").write_text(json.dumps(values))


def models():
    """By name a model, and how many rows of token types its batches use."""
    import transformers as t

    words = {"vocab_size": len(VOCABULARY)}
    bytes_ = {"vocab_size": len(byte_vocabulary()[0]), "type_vocab_size": 1, "pad_token_id": 1}
    bert = t.BertConfig(**SMALL, **words)
    yield "bert", t.BertModel(bert), 2
    number = t.BertConfig(**SMALL, **words, num_labels=1, problem_type="regression")
    yield "bert-number", t.BertForSequenceClassification(number), 2
    yield "bert-no-pooler", t.BertModel(bert, add_pooling_layer=False), 2
    tanh = t.BertConfig(**SMALL, **words, hidden_act="gelu_new", layer_norm_eps=1e-3)
    yield "bert-masked-lm", t.BertForMaskedLM(tanh), 2
    yield "bert-both-heads", t.BertForPreTraining(bert), 2
    padded = t.BertConfig(**SMALL, vocab_size=len(VOCABULARY) + 5)
    yield "bert-spare-rows", t.BertModel(padded), 2
    yield "bert-shards", t.BertModel(bert), 2
    roberta = {**SMALL, **bytes_, "layer_norm_eps": 1e-5}
    yield "roberta", t.RobertaForMaskedLM(t.RobertaConfig(**roberta)), 1
    yield "xlm-roberta", t.XLMRobertaModel(t.XLMRobertaConfig(**roberta)), 1
    yield "camembert", t.CamembertForMaskedLM(t.CamembertConfig(**roberta)), 1
    distil = {"dim": 24, "n_layers": 2, "n_heads": 3, "hidden_dim": 40}
    distil |= {"max_position_embeddings": 40, **words}
    yield "distilbert", t.DistilBertForMaskedLM(t.DistilBertConfig(**distil)), 1
    electra = t.ElectraConfig(**SMALL, **words, embedding_size=16)
    yield "electra", t.ElectraModel(electra), 2
    wide = t.ElectraConfig(**SMALL, **words, embedding_size=SMALL["hidden_size"])
    yield "electra-discriminator", t.ElectraForPreTraining(wide), 2
    modern = {**SMALL, **words, "local_attention": 8, "num_hidden_layers": 5}
    yield "electra-generator", t.ElectraForMaskedLM(electra), 2
    special = {"pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3}
    modern |= {**special, "bos_token_id": 2, "eos_token_id": 3}
    yield "modernbert", t.ModernBertForMaskedLM(t.ModernBertConfig(**modern)), 1
    named = {"id2label": dict(enumerate(LABELS)), "label2id": {}}
    several = named | {"problem_type": "multi_label_classification"}
    bert = t.BertConfig(**SMALL, **words, **several)
    yield "bert-classifier", t.BertForSequenceClassification(bert), 2
    roberta = t.RobertaConfig(**roberta, num_labels=2)
    yield "roberta-classifier", t.RobertaForSequenceClassification(roberta), 1
    distil = t.DistilBertConfig(**distil, **named)
    yield "distilbert-classifier", t.DistilBertForSequenceClassification(distil), 1
    electra = t.ElectraConfig(**SMALL, **words, embedding_size=16, **named)
    yield "electra-classifier", t.ElectraForSequenceClassification(electra), 2
    modern = t.ModernBertConfig(**modern, **named, classifier_pooling="mean")
    yield "modernbert-classifier", t.ModernBertForSequenceClassification(modern), 1
    yield "bert-answering", t.BertForQuestionAnswering(t.BertConfig(**SMALL, **words)), 2
    one = t.BertConfig(**SMALL, **words, num_labels=1)
    yield "bert-regression", t.BertForSequenceClassification(one), 2
    tags = t.BertConfig(**SMALL, **words, num_labels=5)
    yield "bert-tagger", t.BertForTokenClassification(tags), 2


def batch(vocabulary: int, pad: int, types: int) -> dict[str, np.ndarray]:
    """Rows of 30, 11 and 2 tokens, of which the last part is of another segment."""
    rng = np.random.default_rng(1)
    ids = rng.integers(5, vocabulary - 1, (3, 30))
    mask = np.arange(30) < np.array([30, 11, 2])[:, None]
    segments = (np.arange(30) > 5) & mask & (types > 1)
    return {"ids": np.where(mask, ids, pad), "mask": mask, "segments": segments.astype(int)}


def answer(model, rows: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    import torch

    given = {
        "input_ids": torch.tensor(rows["ids"]),
        "attention_mask": torch.tensor(rows["mask"].astype(int)),
    }
    if rows["segments"].any():
        given["token_type_ids"] = torch.tensor(rows["segments"])
    if model.config.problem_type == "regression":
        rows = {**rows, "labels": np.array([0.5, -1.0, 2.0], np.float32)}
        given["labels"] = torch.tensor(rows["labels"])
    if type(model).__name__ == "BertForTokenClassification":
        number = model.config.num_labels  # -100: no word begins there
        tags = np.where(rows["mask"], (rows["ids"] * 7) % (number + 1) - 1, -1)
        rows = {**rows, "tags": tags}
        given["labels"] = torch.tensor(np.where(tags < 0, -100, tags))
    if type(model).__name__.endswith("ForQuestionAnswering"):
        rows = {**rows, "first": np.array([7, 0, 1]), "last": np.array([9, 0, 1])}
        given["start_positions"] = torch.tensor(rows["first"])
        given["end_positions"] = torch.tensor(rows["last"])
    with torch.no_grad():
        found = model(**given, output_hidden_states=True)
    answers = {**rows, "hidden": found.hidden_states[-1].numpy()}
    if "loss" in found:
        answers["loss"] = found["loss"].numpy()
    for name in ("pooler_output", "logits", "prediction_logits", "start_logits", "end_logits"):
        if name in found:
            answers[name.removeprefix("prediction_")] = found[name].numpy()
    return answers


def main(place: Path) -> None:
    import torch

    torch.manual_seed(0)
    for name, model in ((name, (model, types)) for name, model, types in models()):
        model, types = model
        folder = place / name
        folder.mkdir(parents=True)
        with torch.no_grad():
            for weight in model.parameters():  # biases are 0 and scales 1 in a new model
                weight.add_(0.2 * torch.randn_like(weight))
        model.eval()
        if name == "bert-shards":
            model.to(torch.bfloat16).save_pretrained(folder, max_shard_size="20KB")
            model.to(torch.float32)
        else:
            model.save_pretrained(folder)
        config = model.config
        (write_bytes if config.pad_token_id == 1 else write_words)(folder)
        if name.startswith("modernbert"):
            write_tokenizer_json(folder)
        vocabulary = len(byte_vocabulary()[0] if config.pad_token_id == 1 else VOCABULARY)
        rows = batch(vocabulary, config.pad_token_id, types)
        np.savez(place / f"{name}.npz", **answer(model, rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
