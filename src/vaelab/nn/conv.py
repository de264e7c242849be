"""Convolutional networks for images of any size, square or not."""

import math

from torch import nn

from vaelab.config.types import PositiveInt
from vaelab.nn.layers import Activation, Norm, image_norm, make_activation, vector_norm
from vaelab.nn.mlp import mlp
from vaelab.nn.net import Net, Shape


def conv(
    in_shape: Shape,
    out_shape: Shape | None,
    layer: int,
    *,
    channels: list[PositiveInt],
    widths: list[PositiveInt],
    activation: Activation,
    norm: Norm,
) -> Net:
    """Strided convolutions down from an image, transposed ones up to an image, an MLP between vectors.

    `channels` counts from the image inwards; each entry halves (or doubles) the picture. Between the smallest
    feature map and the vector stands one hidden layer of `widths[layer]`. Raises ValueError for an image to an
    image: no piece here asks for it.
    """
    if len(in_shape) == 3 and out_shape is not None and len(out_shape) == 3:
        raise ValueError("conv maps an image to a vector or a vector to an image, not an image to an image")
    if len(in_shape) == 3:
        return _down(in_shape, out_shape, channels, widths[min(layer, len(widths) - 1)], activation, norm)
    if out_shape is not None and len(out_shape) == 3:
        return _up(in_shape, out_shape, channels, widths[min(layer, len(widths) - 1)], activation, norm)
    return mlp(in_shape, out_shape, layer, widths=widths, depth=1, activation=activation, norm=norm)


def _halving(size: int) -> tuple[int, int, int]:
    """(kernel, stride, padding) that halve one side, or keep it where there is one pixel left."""
    return (4, 2, 1) if size >= 2 else (3, 1, 1)


def _sizes(height: int, width: int, times: int) -> list[tuple[int, int]]:
    """The picture's sizes on the way down: [(H, W), (H/2, W/2), …]."""
    sizes = [(height, width)]
    for _ in range(times):
        height, width = max(height // 2, 1), max(width // 2, 1)
        sizes.append((height, width))
    return sizes


def _down(
    in_shape: Shape,
    out_shape: Shape | None,
    channels: list[int],
    hidden: int,
    activation: Activation,
    norm: Norm,
) -> Net:
    c, height, width = in_shape
    sizes = _sizes(height, width, len(channels))
    modules: list[nn.Module] = []
    for c_out, (h, w) in zip(channels, sizes, strict=False):
        kernel, stride, padding = zip(_halving(h), _halving(w), strict=True)
        modules.append(nn.Conv2d(c, c_out, kernel, stride, padding))
        modules += [*image_norm(norm, c_out), make_activation(activation)]
        c = c_out
    modules += [nn.Flatten(), nn.Linear(c * math.prod(sizes[-1]), hidden)]
    modules += [*vector_norm(norm, hidden), make_activation(activation)]
    if out_shape is None:
        return Net(nn.Sequential(*modules), in_shape, (hidden,))
    return Net(nn.Sequential(*modules, nn.Linear(hidden, math.prod(out_shape))), in_shape, out_shape)


def _up(in_shape: Shape, out_shape: Shape, channels: list[int], hidden: int, activation: Activation, norm: Norm) -> Net:
    c_image, height, width = out_shape
    sizes = _sizes(height, width, len(channels))
    first = (channels[-1], *sizes[-1])
    modules: list[nn.Module] = [nn.Linear(math.prod(in_shape), hidden)]
    modules += [*vector_norm(norm, hidden), make_activation(activation)]
    modules += [nn.Linear(hidden, math.prod(first)), nn.Unflatten(1, first)]
    for i in reversed(range(len(channels))):
        (h, w), c_out = sizes[i], channels[i - 1] if i else c_image
        kernel, stride, padding = zip(_halving(h), _halving(w), strict=True)
        # a side that was odd on the way down gets its last row back
        extra = (h % 2 if h >= 2 else 0, w % 2 if w >= 2 else 0)
        modules += [*image_norm(norm, channels[i]), make_activation(activation)]
        modules.append(nn.ConvTranspose2d(channels[i], c_out, kernel, stride, padding, extra))
    return Net(nn.Sequential(*modules), in_shape, out_shape)
