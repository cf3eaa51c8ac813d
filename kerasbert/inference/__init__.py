"""A run in, answers out. Neither training nor reports are imported: a service stays small."""

from kerasbert.inference.embedder import Embedder
from kerasbert.inference.explain import explain
from kerasbert.inference.predictor import Predictor, load, load_predictor

__all__ = ["Embedder", "Predictor", "explain", "load", "load_predictor"]
