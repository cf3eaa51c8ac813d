"""PyTorch's own way to convolve, without a change of layout: imported on that backend only."""

import torch
from torch.nn import functional


def convolve(inputs: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """A convolution over positions, of stride 1, with as many outputs as inputs.

    With B batch, L length, D and F channels, W width:

        inputs   (B, L, D)
        kernel   (W, D, F)
        bias     (F,)
        returns  (B, L, F)

    The positions stay where they are in memory. PyTorch's 1D convolution of an even width needs
    padding on one side, and padding a tensor of three axes copies it to another order; an image of
    one row keeps the channels last. The bias is added inside the convolution.
    """
    left, right = (len(kernel) - 1) // 2, len(kernel) // 2
    if left != right:
        inputs = functional.pad(inputs, (0, 0, left, right))
        left = 0
    image = inputs.transpose(1, 2)[:, :, None]  # (B, D, 1, L)
    filters = kernel.permute(2, 1, 0)[:, :, None]  # (F, D, 1, W)
    return functional.conv2d(image, filters, bias, padding=(0, left))[:, :, 0].transpose(1, 2)
