"""Activations and norms by their names."""

from collections.abc import Callable
from typing import Literal

from torch import nn

Activation = Literal["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "identity"]
Norm = Literal["none", "batch", "layer"]

_ACTIVATIONS: dict[Activation, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.1),  # slope 0.1, as in the ladder VAE
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "identity": nn.Identity,  # a linear model: what the tests against exact truths are made of
}
_VECTOR_NORMS: dict[Norm, Callable[[int], nn.Module]] = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}
_IMAGE_NORMS: dict[Norm, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "layer": lambda channels: nn.GroupNorm(1, channels),  # over channels and pixels together
}


def make_activation(name: Activation) -> nn.Module:
    return _ACTIVATIONS[name]()


def vector_norm(name: Norm, width: int) -> list[nn.Module]:
    """The norm of a vector [N, width], as a list of no or one module."""
    return [] if name == "none" else [_VECTOR_NORMS[name](width)]


def image_norm(name: Norm, channels: int) -> list[nn.Module]:
    """The norm of an image [N, channels, H, W], as a list of no or one module."""
    return [] if name == "none" else [_IMAGE_NORMS[name](channels)]
