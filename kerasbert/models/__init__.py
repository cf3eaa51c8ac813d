"""Functional Keras models of both stages, from builders."""

from kerasbert.models.classifier import (
    build_classifier,
    compile_classifier,
)
from kerasbert.models.encoder import build_embedding, build_encoder, build_encoder_model
from kerasbert.models.joint import build_joint_model, compile_joint
from kerasbert.models.pretrain import build_pretrain_model, compile_pretrain
from kerasbert.models.transfer import (
    TransferReport,
    begin_with_vectors,
    repeat_positions,
    transfer_weights,
)

__all__ = [
    "TransferReport",
    "begin_with_vectors",
    "build_classifier",
    "build_embedding",
    "build_encoder",
    "build_encoder_model",
    "build_joint_model",
    "build_pretrain_model",
    "compile_classifier",
    "compile_joint",
    "compile_pretrain",
    "repeat_positions",
    "transfer_weights",
]
