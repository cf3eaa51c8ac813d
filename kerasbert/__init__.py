"""Pre-train a text encoder on your own raw text, fine-tune it on your labels, see what it is worth.

The public names are imported when they are first used, so that `import kerasbert` is instant and
imports no backend.
"""

import importlib

from kerasbert.backend import choose_backend

__version__ = "0.2.0"

choose_backend()  # an environment variable, set before anything can import Keras

_HOME = {
    "DocumentWords": "kerasbert.tasks",
    "Classification": "kerasbert.heads.classification.head",
    "EpochF1": "kerasbert.training",
    "EpochFigures": "kerasbert.training",
    "Fields": "kerasbert.text",
    "Head": "kerasbert.heads.head",
    "InputError": "kerasbert.errors",
    "KeepBest": "kerasbert.training",
    "LabelSet": "kerasbert.text",
    "JointBatches": "kerasbert.batches",
    "LabeledBatches": "kerasbert.batches",
    "MaskedLM": "kerasbert.tasks",
    "ObjectiveValidation": "kerasbert.training",
    "NextSentence": "kerasbert.tasks",
    "SentenceOrder": "kerasbert.tasks",
    "Predictor": "kerasbert.inference.predictor",
    "PretrainingBatches": "kerasbert.batches",
    "QuestionAnswerer": "kerasbert.estimators.question_answerer",
    "TextClassifier": "kerasbert.estimators.text_classifier",
    "TextRegressor": "kerasbert.estimators.text_regressor",
    "TextTagger": "kerasbert.estimators.text_tagger",
    "TextCNNConfig": "kerasbert.config",
    "Tokenizer": "kerasbert.tokenizer",
    "TokenStore": "kerasbert.corpus",
    "TransformerConfig": "kerasbert.config",
    "WarmupDecay": "kerasbert.training.optimizers",
    "as_documents": "kerasbert.text",
    "build_classifier": "kerasbert.models",
    "build_joint_model": "kerasbert.models",
    "build_embedding": "kerasbert.models",
    "build_encoder": "kerasbert.models",
    "build_encoder_model": "kerasbert.models",
    "build_pretrain_model": "kerasbert.models",
    "compile_classifier": "kerasbert.models",
    "compile_joint": "kerasbert.models",
    "compile_pretrain": "kerasbert.models",
    "keep_freed_memory": "kerasbert.memory",
    "load": "kerasbert.inference.predictor",
    "load_predictor": "kerasbert.inference.predictor",
    "load_model": "kerasbert.training",
    "prepare_store": "kerasbert.corpus",
    "read_labeled": "kerasbert.text",
    "read_questions": "kerasbert.text.squad",
    "train_tokenizer": "kerasbert.tokenizer",
    "transfer_weights": "kerasbert.models",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module 'kerasbert' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
