"""Fully connected networks."""

import math

from torch import nn

from vaelab.config.types import PositiveInt
from vaelab.nn.layers import Activation, Norm, make_activation, vector_norm
from vaelab.nn.net import Net, Shape


def mlp(
    in_shape: Shape,
    out_shape: Shape | None,
    layer: int,
    *,
    widths: list[PositiveInt],
    depth: PositiveInt,
    activation: Activation,
    norm: Norm,
) -> Net:
    """`depth` hidden layers, `widths[layer]` wide (the last width repeats), then an affine map to `out_shape`.

    With `out_shape=None` it ends at the last hidden activation, a vector of that width.
    """
    width = widths[min(layer, len(widths) - 1)]
    modules: list[nn.Module] = [nn.Flatten()] if len(in_shape) > 1 else []
    n = math.prod(in_shape)
    for _ in range(depth):
        modules += [nn.Linear(n, width), *vector_norm(norm, width), make_activation(activation)]
        n = width
    if out_shape is None:
        return Net(nn.Sequential(*modules), in_shape, (width,))
    return Net(nn.Sequential(*modules, nn.Linear(n, math.prod(out_shape))), in_shape, out_shape)
