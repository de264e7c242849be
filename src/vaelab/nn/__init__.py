"""Networks, tensor to tensor. None of them knows what a probability is."""

from vaelab.nn.conv import conv
from vaelab.nn.linear import linear
from vaelab.nn.mlp import mlp
from vaelab.nn.net import Net, NetFactory, Shape

__all__ = ["Net", "NetFactory", "Shape", "conv", "linear", "mlp"]
