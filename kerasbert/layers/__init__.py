"""Backend-agnostic Keras layers. They take flat arguments and know nothing of files or configs."""

from kerasbert.backend import require_backend

require_backend()  # before the first import of Keras, so that a missing backend is one clear line

from kerasbert.layers.attention import SelfAttention  # noqa: E402
from kerasbert.layers.dense import Dense  # noqa: E402
from kerasbert.layers.dropout import Dropout  # noqa: E402
from kerasbert.layers.embedding import TextEmbedding  # noqa: E402
from kerasbert.layers.gather import GatherPositions  # noqa: E402
from kerasbert.layers.keras_hub import KerasHubEmbedding, KerasHubEncoder  # noqa: E402
from kerasbert.layers.modern_bert import ModernBertBlock, ModernBertEncoder  # noqa: E402
from kerasbert.layers.pairs import ComparePairs, FoldPairs  # noqa: E402
from kerasbert.layers.pooling import Pooling  # noqa: E402
from kerasbert.layers.tag_chain import TagChain  # noqa: E402
from kerasbert.layers.text_cnn import TextCNNEncoder  # noqa: E402
from kerasbert.layers.token_scores import TokenScores  # noqa: E402
from kerasbert.layers.transformer import TransformerBlock, TransformerEncoder  # noqa: E402
from kerasbert.layers.windows import FoldWindows, PoolWindows  # noqa: E402

__all__ = [
    "ComparePairs",
    "Dense",
    "Dropout",
    "FoldPairs",
    "FoldWindows",
    "GatherPositions",
    "KerasHubEmbedding",
    "KerasHubEncoder",
    "ModernBertBlock",
    "ModernBertEncoder",
    "PoolWindows",
    "Pooling",
    "SelfAttention",
    "TagChain",
    "TextCNNEncoder",
    "TextEmbedding",
    "TokenScores",
    "TransformerBlock",
    "TransformerEncoder",
]
