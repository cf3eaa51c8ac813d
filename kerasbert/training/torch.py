"""PyTorch's fused update of Adam: imported on that backend only."""

from collections.abc import Sequence
from typing import Any

import torch


@torch.no_grad()
def apply_adam(
    optimizer: Any,
    gradients: Sequence[torch.Tensor],
    variables: Sequence[Any],
    moments: Sequence[tuple[Any, Any]],
    learning_rate: Any,
) -> None:
    """One update of all variables, without weight decay.

    PyTorch adds epsilon to the corrected second moment, Keras to the one as it is: it is scaled, so
    that the results are those of Keras.
    """
    step = int(optimizer.iterations) + 1
    steps = [torch.tensor(float(step), device=gradients[0].device)] * len(variables)
    torch._fused_adam_(
        [variable.value for variable in variables],
        list(gradients),
        [first.value for first, _ in moments],
        [second.value for _, second in moments],
        [],
        steps,
        lr=float(learning_rate),
        beta1=optimizer.beta_1,
        beta2=optimizer.beta_2,
        weight_decay=0.0,
        eps=optimizer.epsilon / (1 - optimizer.beta_2**step) ** 0.5,
        amsgrad=False,
        maximize=False,
    )
