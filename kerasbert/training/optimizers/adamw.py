"""AdamW in one pass over the weights, where the backend has one."""

import re
from collections.abc import Sequence
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="kerasbert")
class AdamW(keras.optimizers.AdamW):
    """`keras.optimizers.AdamW`, updated by the fused operation of PyTorch and TensorFlow.

    Keras' own reads and writes arrays of the size of the weights ten times in an update; on JAX,
    XLA joins them already. It has the same weights, settings and results; and what does not decay
    is one of the settings, so that a saved and loaded model trains on as it would have.

    Args:
        *args: of `keras.optimizers.AdamW`.
        undecayed: which weights do not decay: patterns that are searched in their names.
            `exclude_from_weight_decay(var_names=...)` sets it.
        average_apart: with `use_ema`, leave the weights as they are at the end of `fit`. Keras puts
            the average in their place, and a second `fit` would go on from there.
        **kwargs: of `keras.optimizers.AdamW`.

    Sources: Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101; Kingma and Ba 2015,
    https://arxiv.org/abs/1412.6980, section 2, the more efficient order of computation.
    """

    def __init__(self, *args, undecayed: Sequence[str] = (), average_apart: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.undecayed = list(undecayed)
        self.average_apart = average_apart

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._index = {key_of(variable): number for number, variable in enumerate(variables)}
        if self.undecayed:
            super().exclude_from_weight_decay(var_names=self.undecayed)

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        if var_list:
            raise ValueError(
                "var_list: expected var_names in its place, which are saved with the model. "
                f"Received: {[variable.path for variable in var_list]}"
            )
        super().exclude_from_weight_decay(var_names=var_names)
        self.undecayed = list(var_names or ())

    def finalize_variable_values(self, var_list):
        if not self.average_apart:
            super().finalize_variable_values(var_list)

    def _rate(self, variable: Any, learning_rate: Any) -> Any:
        """Called once in each update of a weight, before it: the learning rate of this weight."""
        return learning_rate

    def _moments(self, variable: Any) -> tuple[Any, Any] | None:
        """Those of a weight; None where Keras calls them otherwise, and has to update by itself."""
        if self.amsgrad or not (hasattr(self, "_momentums") and hasattr(self, "_velocities")):
            return None
        index = self._index[key_of(variable)]
        return self._momentums[index], self._velocities[index]

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        if keras.backend.backend() == "torch":
            from kerasbert.training.optimizers.torch import apply_adam, fused_adam

            moments = [self._moments(variable) for variable in trainable_variables]
            if fused_adam() is not None and all(moments):
                rate = float(learning_rate)
                rates = [self._rate(variable, rate) for variable in trainable_variables]
                apply_adam(self, grads, trainable_variables, moments, rates)
                return
        super()._backend_update_step(grads, trainable_variables, learning_rate)

    def update_step(self, gradient, variable, learning_rate):
        rate = self._rate(variable, learning_rate)
        if keras.backend.backend() == "tensorflow" and (moments := self._moments(variable)):
            from kerasbert.training.optimizers.tensorflow import apply_adam

            apply_adam(self, gradient, variable, moments, rate)
        else:
            super().update_step(gradient, variable, rate)

    def get_config(self):
        return super().get_config() | {
            "undecayed": self.undecayed,
            "average_apart": self.average_apart,
        }


def key_of(variable: Any) -> int:
    """Of a weight: on TensorFlow an update gets the variable that is inside Keras' own."""
    if keras.backend.backend() == "tensorflow" and isinstance(variable, keras.Variable):
        variable = variable.value
    return id(variable)


def decays(variable: keras.Variable, undecayed: Sequence[str]) -> bool:
    """Whether a weight decays, see `AdamW`."""
    return not any(re.search(pattern, variable.name) for pattern in undecayed)
