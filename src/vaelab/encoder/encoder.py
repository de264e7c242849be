"""What the hierarchy asks of an encoder."""

from collections.abc import Callable
from typing import Any, ClassVar, Literal

from torch import Tensor, nn
from torch.distributions import Distribution

from vaelab.distributions import draw
from vaelab.nn import Net, NetFactory, Shape
from vaelab.proposal import Drawn, Proposal


class Encoder(nn.Module):
    """`encode` reads x once; `propose` draws from what was read, as often as wanted.

    Layers count from 0, next to the data. `layout` says which setting of the model lists them. At the top stands a
    plain head on the features of x, `heads[L-1]`, so that at L = 1 all encoders of vectors are equal.
    """

    layout: ClassVar[Literal["z_dims", "stages"]] = "z_dims"

    def __init__(self, z_dims: list[int]) -> None:
        super().__init__()
        self.z_dims, self.depth = list(z_dims), len(z_dims)
        # of each layer: are q and p conditioned on the same z_>l, so that its term is a KL?
        self.aligned = (True,) * self.depth

    def encode(self, x: Tensor) -> Any:
        """All that is needed of x, computed once."""
        raise NotImplementedError

    def top(self, encoded: Any) -> Distribution:
        """q(z_L | x), where it hangs on x alone. Raises ConfigError where it does not."""
        raise NotImplementedError

    def propose(self, encoded: Any, sample_shape: tuple[int, ...] = ()) -> Proposal:
        """A proposal for `Hierarchy.generate`; with `sample_shape=(K,)` every z is drawn K times."""
        raise NotImplementedError


def feature_nets(in_shapes: list[Shape | None], net: NetFactory) -> list[Net]:
    """A network for each layer that reads `in_shapes[l]`; None: the features of the layer below."""
    nets: list[Net] = []
    for l, in_shape in enumerate(in_shapes):
        nets.append(net(nets[-1].out_shape if in_shape is None else in_shape, None, layer=l))
    return nets


def downwards(
    top: Distribution, q: Callable[[int, Any, Distribution], Distribution], sample_shape: tuple[int, ...]
) -> Proposal:
    """Inference in the order of generation: z_L from `top`, every other z_l from `q(l, h, p)`, as the loop meets it."""
    batch_shape = batch_of(top, sample_shape)

    def proposal(l: int, h: Any, p: Distribution) -> Drawn:
        found = top if h is None else q(l, h, p)
        return Drawn(draw(found, batch_shape), found, aligned=True)

    return proposal


def batch_of(q: Distribution, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
    """The batch shape of K draws from the first density of a chain: [K, B] from batch [B]."""
    return (*sample_shape, *q.batch_shape)
