"""Activations and norms by their names."""

from typing import Literal

from torch import nn

Activation = Literal["relu", "leaky_relu", "elu", "gelu", "silu", "tanh"]
Norm = Literal["none", "batch", "layer"]

_ACTIVATIONS = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.1),  # slope 0.1, as in the ladder VAE
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}


def make_activation(name: Activation) -> nn.Module:
    return _ACTIVATIONS[name]()


def vector_norm(name: Norm, width: int) -> list[nn.Module]:
    """The norm of a vector [N, width], as a list of no or one module."""
    return {"none": [], "batch": [nn.BatchNorm1d(width)], "layer": [nn.LayerNorm(width)]}[name]


def image_norm(name: Norm, channels: int) -> list[nn.Module]:
    """The norm of an image [N, channels, H, W]; `layer` normalises over channels and pixels together."""
    return {"none": [], "batch": [nn.BatchNorm2d(channels)], "layer": [nn.GroupNorm(1, channels)]}[name]
