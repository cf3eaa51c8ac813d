"""What can be chosen by name: every choice of a flag, a config or a layer, and its values, once.

Settings and configs take the type, what checks or lists the values takes `typing.get_args` of it.
The order is that of `--help`. Nothing is imported here, so that any file can read it.
"""

from typing import Literal

# The model.
EncoderName = Literal["text-cnn", "transformer", "modernbert"]
ShapeName = Literal["bert"]
SizeName = Literal["tiny", "small", "base"]
Norm = Literal["pre", "post"]
Positions = Literal["learned", "rotary", "none"]
EmbeddingPositions = Literal["learned", "none"]  # rotary ones belong to attention
PoolingName = Literal["cls", "mean", "max", "mean-max"]
WindowPooling = Literal["max", "mean", "attention"]
LongText = Literal["cut", "windows"]

# Text, and what it becomes.
StyleName = Literal["word", "char", "jieba", "wordpiece"]  # of a tokenizer
PublicForm = Literal["huggingface", "sentence-transformers", "keras-hub"]  # that a run can leave in
VocabularyFiles = Literal["wordpiece", "bytes", "none"]  # of a public model
UnicodeForm = Literal["NFC", "NFKC"]
CorpusFormat = Literal["lines", "sentences"]
Duplicates = Literal["exact", "near"]
EngineName = Literal["processes", "dask"]
VectorsFit = Literal["refuse", "project"]

# Pre-training.
TaskName = Literal["masked-lm", "document-words", "next-sentence", "sentence-order"]
MaskingUnit = Literal["token", "whole-word", "span"]
Pairs = Literal["none", "next", "order"]

# Training, and what is answered.
Precision = Literal["float32", "bfloat16"]
Decay = Literal["linear", "cosine"]
HeadName = Literal["classification", "regression", "tagging", "answering"]
BY_TOKEN: tuple[HeadName, ...] = ("tagging", "answering")  # whose answers are about tokens
LabelLoss = Literal["cross-entropy", "weighted", "focal", "asymmetric"]
NumberLoss = Literal["squared", "absolute", "huber"]
TagLoss = Literal["cross-entropy"]
LossName = Literal[LabelLoss, NumberLoss]
PairMode = Literal["together", "apart"]
WordsName = Literal["punctuation", "spaces", "characters", "jieba"]  # that are tagged
BestNumber = Literal["spearman", "mae"]
LogName = Literal["tensorboard", "mlflow", "wandb"]
KindName = Literal["multi-label", "multi-class", "binary"]
RuleName = Literal["at-least-one", "threshold", "top-k"]
Thresholds = Literal["label", "common", "half"]
AnswerFormat = Literal["jsonl", "csv"]
AnswerUnit = Literal["words", "characters"]  # by which exact match and F1 are counted
