"""Small random presets of KerasHub, and what KerasHub answers: states of a batch, ids of texts."""

import io

import keras
import numpy as np
from public_models import VOCABULARY, byte_vocabulary

from kerasbert.without_tensorflow import import_keras_hub, tensorflow_hidden

WORDS = list(dict.fromkeys(VOCABULARY))  # each once, as KerasHub on TensorFlow wants them
SMALL = {"num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16}
SMALL |= {"max_sequence_length": 40}
TEXTS = ["the cat sat on  a mat.", "Dogs and CATS are here ", " café, un-able 日本", "naïve"]
LINES = ["the cat sat on a mat", "a dog and a cat", "cats and dogs are here"]


def sentence_pieces(**options) -> bytes:
    """A SentencePiece model of unigrams, with the special tokens that are asked for."""
    import sentencepiece

    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES * 5),
        model_writer=out,
        vocab_size=30,
        hard_vocab_limit=False,
        minloglevel=2,
        **{"model_type": "unigram", **options},
    )
    return out.getvalue()


def special(pad, cls, sep, unk) -> dict[str, object]:
    names = {"pad": pad, "bos": cls, "eos": sep, "unk": unk}
    ids = {f"{role}_id": number for number, role in enumerate(names)}
    return ids | {f"{role}_piece": name for role, name in names.items()}


def models() -> dict[str, tuple]:
    """By name a backbone and its tokenizer."""
    hub = import_keras_hub()
    made, tokens = hub.models, hub.tokenizers
    vocabulary, merges = byte_vocabulary()

    def words(cls, **options):
        return cls(vocabulary=WORDS, **{"lowercase": True, **options})

    xlm = tokens.XLMRobertaTokenizer(proto=sentence_pieces())
    deberta = tokens.DebertaV3Tokenizer(
        proto=sentence_pieces(**special("[PAD]", "[CLS]", "[SEP]", "[UNK]"))
    )
    albert = tokens.AlbertTokenizer(
        proto=sentence_pieces(
            **special("<pad>", "[CLS]", "[SEP]", "<unk>"), user_defined_symbols=["[MASK]"]
        )
    )
    size = len(WORDS)
    return {
        "bert": (
            made.BertBackbone(vocabulary_size=size, **SMALL),
            words(tokens.BertTokenizer, strip_accents=True),
        ),
        "distilbert": (
            made.DistilBertBackbone(vocabulary_size=size, **SMALL),
            words(tokens.DistilBertTokenizer, lowercase=False),
        ),
        "electra": (
            made.ElectraBackbone(vocab_size=size, embedding_dim=4, **SMALL),
            words(tokens.ElectraTokenizer),
        ),
        "roberta": (
            made.RobertaBackbone(vocabulary_size=len(vocabulary), **SMALL),
            tokens.RobertaTokenizer(vocabulary=vocabulary, merges=merges),
        ),
        "xlm-roberta": (
            made.XLMRobertaBackbone(vocabulary_size=xlm.vocabulary_size(), **SMALL),
            xlm,
        ),
        # With rows that no token has, as the real one.
        "deberta": (
            made.DebertaV3Backbone(
                vocabulary_size=deberta.vocabulary_size() + 3, bucket_size=4, **SMALL
            ),
            deberta,
        ),
        "albert": (
            made.AlbertBackbone(vocabulary_size=albert.vocabulary_size(), embedding_dim=4, **SMALL),
            albert,
        ),
    }


def batch(vocabulary: int, pad: int) -> dict[str, np.ndarray]:
    """Rows of 30, 11 and 2 tokens, of which the last part is of another segment."""
    rng = np.random.default_rng(1)
    mask = np.arange(30) < np.array([30, 11, 2])[:, None]
    ids = np.where(mask, rng.integers(5, vocabulary - 1, (3, 30)), pad)
    segments = (np.arange(30) > 5) & mask
    return {
        "token_ids": ids.astype("int32"),
        "segment_ids": segments.astype("int32"),
        "padding_mask": mask.astype("int32"),
    }


def answer(backbone, rows) -> dict[str, np.ndarray]:
    """The states of a batch, and the pooled ones where there are some."""
    given = {name: rows[name] for name in backbone.input}
    found = backbone.predict_on_batch(given)
    found = found if isinstance(found, dict) else {"sequence_output": found}
    return {name: np.asarray(values) for name, values in found.items()}


def ids_of(tokenizer, texts) -> list[list[int]]:
    return [list(map(int, ids)) for ids in tokenizer.tokenize(list(texts))]


def make(place) -> dict[str, tuple]:
    """Save all of them by their names, with weights that are not those of a new model."""
    rng = np.random.default_rng(0)
    found = models()
    for name, (backbone, tokenizer) in found.items():
        for weight in backbone.weights:
            weight.assign(weight + 0.2 * rng.normal(size=weight.shape).astype("float32"))
        for part in (backbone, tokenizer):
            part.save_to_preset(str(place / name))
    return found


def load(folder):
    """The backbone of a folder, as KerasHub loads it."""
    with tensorflow_hidden():
        return import_keras_hub().models.Backbone.from_preset(str(folder))


def as_array(values) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(values))
