"""AdamW in one pass over the weights, where the backend has one."""

import keras


@keras.saving.register_keras_serializable(package="kerasbert")
class AdamW(keras.optimizers.AdamW):
    """`keras.optimizers.AdamW`, updated by the fused operation of PyTorch and TensorFlow.

    Keras' own reads and writes arrays of the size of the weights ten times in an update; on JAX,
    XLA joins them already. It has the same weights, settings and results.

    Sources: Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101; Kingma and Ba 2015,
    https://arxiv.org/abs/1412.6980, section 2, the more efficient order of computation.
    """

    def _moments(self, variable):
        index = self._get_variable_index(variable)
        return self._momentums[index], self._velocities[index]

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        if keras.backend.backend() != "torch" or self.amsgrad:
            return super()._backend_update_step(grads, trainable_variables, learning_rate)
        from kerasbert.training.torch import apply_adam

        moments = [self._moments(variable) for variable in trainable_variables]
        apply_adam(self, grads, trainable_variables, moments, learning_rate)

    def update_step(self, gradient, variable, learning_rate):
        if keras.backend.backend() != "tensorflow" or self.amsgrad:
            return super().update_step(gradient, variable, learning_rate)
        from kerasbert.training.tensorflow import apply_adam

        apply_adam(self, gradient, variable, self._moments(variable), learning_rate)
