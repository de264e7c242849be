"""The one interface of a network: [..., *in_shape] -> [..., *out_shape]."""

from typing import Protocol

from torch import Tensor, nn

Shape = tuple[int, ...]


class Net(nn.Module):
    """`body` made to take any number of leading dimensions (a batch, or samples × batch)."""

    def __init__(self, body: nn.Module, in_shape: Shape, out_shape: Shape) -> None:
        super().__init__()
        self.body = body
        self.in_shape, self.out_shape = tuple(in_shape), tuple(out_shape)

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() == len(self.in_shape) + 1:
            out = self.body(x)
            return out if out.dim() == len(self.out_shape) + 1 else out.unflatten(-1, self.out_shape)
        lead = x.shape[: x.dim() - len(self.in_shape)]
        return self.body(x.reshape(-1, *self.in_shape)).reshape(*lead, *self.out_shape)


class NetFactory(Protocol):
    """What `encoder.net` and `decoder.net` are in a config: a family of networks with its widths chosen.

    `out_shape=None` asks for features, a vector after the last activation, whose shape is then the network's
    `out_shape`. `layer` counts latent layers from 0, next to the data.
    """

    def __call__(self, in_shape: Shape, out_shape: Shape | None, layer: int) -> Net: ...
