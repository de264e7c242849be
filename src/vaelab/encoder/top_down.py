"""Inference in the order of generation."""

from functools import partial
from typing import Protocol

from torch import Tensor, nn
from torch.distributions import Distribution

from vaelab.encoder.encoder import Encoder, downwards, feature_nets
from vaelab.nn import NetFactory, Shape
from vaelab.posterior import Posterior
from vaelab.proposal import Proposal


class MergeFactory(Protocol):
    def __call__(
        self, z_dim: int, width: int, state_shape: Shape, net: NetFactory, layer: int, posterior: Posterior
    ) -> nn.Module: ...


class TopDown(Encoder):
    """q(z | x) = q(z_L | x) Π q(z_i | z_>i, x) (Sønderby et al. 2016, eq. 10).

        x → d_1 → d_2 → … → d_L        deterministic, upwards
            ↓      ↓          ↓
            z_1 ← z_2 ← … ← z_L        drawn, downwards

    `merge` makes q of a layer from its features d_l, the decoder's state h and the model's p. At the top there is
    nothing to merge: q is a plain head on d_L.
    """

    def __init__(
        self,
        z_dims: list[int],
        x_shape: Shape,
        state_shapes: list[Shape],
        posterior: Posterior,
        *,
        net: NetFactory,
        merge: MergeFactory,
    ) -> None:
        super().__init__(z_dims)
        nets = feature_nets([tuple(x_shape), *(None for _ in z_dims[1:])], net)
        self.features, widths = nn.ModuleList(nets), [features.out_shape[0] for features in nets]
        merges = [merge(z_dims[l], widths[l], state_shapes[l], net, l, posterior) for l in range(self.depth - 1)]
        top = posterior(partial(nn.Linear, widths[-1]), z_dims[-1], self.depth - 1)
        self.heads = nn.ModuleList([*merges, top])

    def encode(self, x: Tensor) -> list[Tensor]:
        features = [self.features[0](x)]
        for up in list(self.features)[1:]:
            features.append(up(features[-1]))
        return features

    def top(self, encoded: list[Tensor]) -> Distribution:
        return self.heads[-1](encoded[-1])

    def propose(self, encoded: list[Tensor], sample_shape: tuple[int, ...] = ()) -> Proposal:
        return downwards(self.top(encoded), lambda l, h, p: self.heads[l](encoded[l], h, p), sample_shape)
