"""TensorFlow's fused update of Adam: imported on that backend only."""

from typing import Any

import keras
import tensorflow as tf


def apply_adam(
    optimizer: Any,
    gradient: Any,
    variable: Any,
    moments: tuple[Any, Any],
    learning_rate: Any,
) -> None:
    """One update of a variable, without weight decay."""
    dtype = variable.dtype
    step = tf.cast(optimizer.iterations + 1, dtype)
    first, second = (_handle(moment) for moment in moments)
    tf.raw_ops.ResourceApplyAdam(
        var=_handle(variable),
        m=first,
        v=second,
        beta1_power=tf.cast(optimizer.beta_1, dtype) ** step,
        beta2_power=tf.cast(optimizer.beta_2, dtype) ** step,
        lr=tf.cast(learning_rate, dtype),
        beta1=optimizer.beta_1,
        beta2=optimizer.beta_2,
        epsilon=optimizer.epsilon,
        grad=tf.convert_to_tensor(gradient),
    )


def _handle(variable: Any) -> Any:
    """Of a TensorFlow variable, or of the one inside Keras'."""
    if isinstance(variable, keras.Variable):
        variable = variable.value
    return variable.handle
