"""What PyTorch computes in a way of its own: imported on that backend only."""

import functools
import platform
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

try:
    from torch._C._functorch import is_batchedtensor  # not part of the public interface
except ImportError:

    def is_batchedtensor(tensor: torch.Tensor) -> bool:
        """Whether `torch.vmap` is at work."""
        return False


def is_known(tensor: torch.Tensor) -> bool:
    """Whether a tensor's numbers can be read without waiting for another device."""
    real = type(tensor) is torch.Tensor and tensor.device.type == "cpu"
    return real and not (_is_traced() or is_batchedtensor(tensor))


def _is_traced() -> bool:
    return torch.jit.is_tracing() or torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export()


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


def drop(inputs: torch.Tensor, rate: float, seed: torch.Tensor) -> torch.Tensor:
    """Dropout in three passes over the numbers, repeatable by `seed`, (2,) integers.

    PyTorch's own function knows no seed but the global one, and what Keras does in its place draws
    each number with a probability of its own.
    """
    factors = torch.empty_like(inputs)
    if not factors.is_meta:
        generator = torch.Generator(inputs.device)
        # Its generator takes no more than 32 bits: layers have far seeds, steps those next to them.
        generator.manual_seed((int(seed[0]) * 0x9E3779B1 + int(seed[1])) % 2**32)
        factors.bernoulli_(1 - rate, generator=generator)
    return inputs * factors.div_(1 - rate)


@functools.cache
def _onednn_is_faster() -> bool:
    """Whether oneDNN multiplies matrices faster than MKL, PyTorch's choice, on this processor.

    MKL makes full use of Intel's processors only: on an AMD EPYC with AVX-512 it takes twice as
    long as oneDNN (`docs/notes.md`).
    """
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return False
    if not (torch.backends.mkldnn.is_available() and torch.backends.mkl.is_available()):
        return False
    return _has_onednn_products() and "AuthenticAMD" in Path("/proc/cpuinfo").read_text()


def _has_onednn_products() -> bool:
    """Whether this PyTorch has the operations below, which its public interface has not."""
    return hasattr(torch.ops.mkldnn, "_linear_pointwise") and hasattr(
        torch.ops.aten, "mkldnn_linear_backward_weights"
    )


def prefers_onednn(inputs: torch.Tensor, kernel: torch.Tensor) -> bool:
    """Whether a product should go through `product_by_onednn`: in float32, outside any tracing."""
    return (
        inputs.device.type == kernel.device.type == "cpu"
        and inputs.dtype == kernel.dtype == torch.float32
        and _onednn_is_faster()
        and not _is_traced()
    )


def product_by_onednn(
    inputs: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None
) -> torch.Tensor:
    """`kerasbert.layers.dense.product` by oneDNN, its gradients too."""
    rows = _OneDNNProduct.apply(inputs.reshape(-1, inputs.shape[-1]), kernel, bias)
    return rows.reshape(*inputs.shape[:-1], kernel.shape[1])


class _OneDNNProduct(torch.autograd.Function):
    """inputs (N, K), kernel (K, M), bias (M,) or None -> (N, M)."""

    generate_vmap_rule = True

    @staticmethod
    def forward(inputs: Any, kernel: Any, bias: Any) -> Any:
        return _multiply(inputs, kernel.T, bias)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        rows, kernel, bias = inputs
        ctx.save_for_backward(rows, kernel)
        ctx.has_bias = bias is not None

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        inputs, kernel = ctx.saved_tensors
        if torch.is_grad_enabled():  # a gradient of this gradient is wanted: oneDNN has none
            of_bias = gradient.sum(0) if ctx.has_bias else None
            return gradient @ kernel.T, inputs.T @ gradient, of_bias
        of_inputs = of_kernel = of_bias = None
        if ctx.needs_input_grad[0]:
            of_inputs = _multiply(gradient, kernel)
        if ctx.needs_input_grad[1]:
            left, right = inputs.contiguous().to_mkldnn(), gradient.contiguous().to_mkldnn()
            if kernel.is_contiguous():
                of_kernel = _sum_of_outer_products(left, right, kernel)
            else:  # a gradient has the order in memory of what it is of
                of_kernel = _sum_of_outer_products(right, left, kernel.T).T
        if ctx.has_bias and ctx.needs_input_grad[2]:
            of_bias = gradient.sum(0)
        return of_inputs, of_kernel, of_bias


def _multiply(rows: torch.Tensor, columns: torch.Tensor, bias: Any = None) -> torch.Tensor:
    """rows (N, K) by the transposed columns (M, K): (N, M)."""
    return torch.ops.mkldnn._linear_pointwise(
        rows.contiguous(), columns.contiguous(), bias, "none", [], ""
    )


def _sum_of_outer_products(left: Any, right: Any, like: torch.Tensor) -> torch.Tensor:
    """The transposed left (N, K), by right (N, M): (K, M). Both are oneDNN's own tensors."""
    weights = torch.ops.aten.mkldnn_linear_backward_weights(left, right, like, False)[0]
    return weights.to_dense()
