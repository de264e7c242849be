"""The seed's inference chain."""

from functools import partial

from torch import Tensor, nn
from torch.distributions import Distribution

from vaelab.distributions import draw
from vaelab.encoder.encoder import Encoder, batch_of, feature_nets
from vaelab.errors import ConfigError
from vaelab.nn import NetFactory, Shape
from vaelab.posterior import Posterior
from vaelab.proposal import Drawn, Proposal


class BottomUp(Encoder):
    """q(z | x) = q(z_1 | x) Π q(z_i | z_{i-1}), each of the family of `posterior`. Seed equations 6 and 16.

        x → z_1 → z_2 → … → z_L

    Below the top its terms are log-ratios and no KLs: p(z_i | z_{i+1}) is conditioned on a z_{i+1} drawn after z_i.
    """

    def __init__(
        self, z_dims: list[int], x_shape: Shape, state_shapes: list[Shape], posterior: Posterior, *, net: NetFactory
    ) -> None:
        super().__init__(z_dims)
        nets = feature_nets([tuple(x_shape), *((d,) for d in z_dims[:-1])], net)
        self.features = nn.ModuleList(nets)
        self.aligned = (False,) * (self.depth - 1) + (True,)
        self.heads = nn.ModuleList(
            posterior(partial(nn.Linear, width), z_dims[l], l)
            for l, (width,) in enumerate(features.out_shape for features in nets)
        )

    def q(self, l: int, below: Tensor) -> Distribution:
        """q(z_l | what is below it), x or z_{l-1}."""
        return self.heads[l](self.features[l](below))

    def encode(self, x: Tensor) -> Distribution:
        return self.q(0, x)

    def top(self, encoded: Distribution) -> Distribution:
        if self.depth > 1:
            raise ConfigError(
                "q(z_L | x) has no density in bottom-up inference of several layers: it is an average over draws of "
                "the layers below. Use encoder=top_down, or model=vae."
            )
        return encoded

    def propose(self, encoded: Distribution, sample_shape: tuple[int, ...] = ()) -> Proposal:
        batch_shape = batch_of(encoded, sample_shape)
        q = encoded
        chain: list[Drawn] = []
        for l in range(self.depth):
            if l > 0:
                q = self.q(l, chain[-1].z)
            chain.append(Drawn(draw(q, batch_shape), q, aligned=self.aligned[l]))
        return lambda l, h, p: chain[l]
