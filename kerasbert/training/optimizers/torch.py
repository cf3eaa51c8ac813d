"""PyTorch's fused update of Adam: imported on that backend only."""

from collections.abc import Callable, Sequence
from typing import Any

import torch


def fused_adam() -> Callable[..., None] | None:
    """The update itself; None where this version of PyTorch has it not: its name is private."""
    return getattr(torch, "_fused_adam_", None)


@torch.no_grad()
def apply_adam(
    optimizer: Any,
    gradients: Sequence[torch.Tensor],
    variables: Sequence[Any],
    moments: Sequence[tuple[Any, Any]],
    learning_rates: Sequence[Any],
) -> None:
    """One update of all variables, each by its learning rate, without weight decay.

    PyTorch adds epsilon to the corrected second moment, Keras to the one as it is: it is scaled, so
    that the results are those of Keras.
    """
    update = fused_adam()
    assert update is not None
    step = int(optimizer.iterations) + 1
    count = torch.tensor(float(step), device=gradients[0].device)
    alike: dict[float, list[int]] = {}
    for number, rate in enumerate(learning_rates):
        alike.setdefault(float(rate), []).append(number)
    for rate, numbers in alike.items():
        update(
            [variables[number].value for number in numbers],
            [gradients[number] for number in numbers],
            [moments[number][0].value for number in numbers],
            [moments[number][1].value for number in numbers],
            [],
            [count] * len(numbers),
            lr=rate,
            beta1=optimizer.beta_1,
            beta2=optimizer.beta_2,
            weight_decay=0.0,
            eps=optimizer.epsilon / (1 - optimizer.beta_2**step) ** 0.5,
            amsgrad=False,
            maximize=False,
        )
