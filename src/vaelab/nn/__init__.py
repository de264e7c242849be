"""Networks, tensor to tensor. None of them knows what a probability is.

A family is a function (`linear.linear`, `mlp.mlp`, `conv.conv`) that makes a `Net` for given shapes.
"""

from vaelab.nn.net import Net, NetFactory, Shape

__all__ = ["Net", "NetFactory", "Shape"]
