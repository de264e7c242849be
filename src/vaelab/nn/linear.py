"""One affine map: the network of the linear-Gaussian models whose likelihood is known exactly."""

import math

from torch import nn

from vaelab.nn.net import Net, Shape


def linear(in_shape: Shape, out_shape: Shape | None, layer: int) -> Net:
    """Flatten, then one affine map; features are the flattened input itself, with no parameters."""
    n = math.prod(in_shape)
    if out_shape is None:
        return Net(nn.Flatten(), in_shape, (n,))
    return Net(nn.Sequential(nn.Flatten(), nn.Linear(n, math.prod(out_shape))), in_shape, out_shape)
