"""A pyramid of feature maps upwards, posteriors downwards."""

import math
from functools import partial
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Distribution

from vaelab.config.types import Positive, PositiveInt
from vaelab.decoder.deep import State
from vaelab.distributions import DiagonalNormal
from vaelab.encoder.encoder import Encoder, downwards
from vaelab.encoder.merge import diagonal_alone
from vaelab.errors import ConfigError
from vaelab.nn import Net, Shape
from vaelab.nn.bottleneck import Bottleneck, middle_of
from vaelab.nn.layers import Activation
from vaelab.nn.stage import Stage, by_layer
from vaelab.posterior import Posterior
from vaelab.proposal import Proposal


class Deep(Encoder):
    """q(z | x) = q(z_L | x) Π q(z_l | z_>l, x), read from the features of x at the layer's resolution beside the
    decoder's state (Child 2021, figure 3).

    `blocks[s]` residual blocks stand at stage s of `model.stages`, then the map is averaged down to the next.
    `relative` makes q a step away from p, N(μ_p + Δμ, σ_p·Δσ) (Vahdat & Kautz 2020, eq. 3). `bottleneck` and
    `recompute` as in the decoder. Raises ConfigError for a posterior that does not fit.
    """

    layout: ClassVar[Literal["z_dims", "stages"]] = "stages"

    def __init__(
        self,
        stages: list[Stage],
        x_shape: Shape,
        state_shapes: list[Shape],
        posterior: Posterior,
        *,
        blocks: list[PositiveInt],
        bottleneck: Positive,
        activation: Activation,
        relative: bool,
        recompute: bool,
    ) -> None:
        super().__init__([stages[s].z_dim for s in by_layer(stages)])
        if len(blocks) != len(stages):
            raise ConfigError(
                f"encoder.blocks has {len(blocks)} numbers, model.stages {len(stages)} stages: give one for each"
            )
        self.stages, self.of, self.relative = stages, by_layer(stages), relative
        gain = math.sqrt(1 / sum(blocks))
        self.read = nn.Conv2d(x_shape[0], stages[0].width, 3, padding=1)
        self.up, self.widen = nn.ModuleList(), nn.ModuleList()
        below = stages[0].width
        for stage, n in zip(stages, blocks, strict=True):
            self.widen.append(nn.Identity() if below == stage.width else nn.Conv2d(below, stage.width, 1))
            middle, below = middle_of(stage.width, bottleneck), stage.width
            block = partial(Bottleneck, below, middle, below, stage.size, activation, True, gain, recompute)
            self.up.append(nn.Sequential(*(block() for _ in range(n))))

        def head(l: int) -> nn.Module:
            stage = stages[self.of[l]]
            beside = state_shapes[l][0] if l < self.depth - 1 else 0
            shape = (stage.width + beside, *stage.size)
            middle = middle_of(stage.width, bottleneck)

            def make_net(n: int) -> Net:
                channels, rest = divmod(n, stage.size[0] * stage.size[1])
                if rest:
                    raise ConfigError(
                        f"this posterior needs {n} numbers at z{l + 1}, which are no whole number of "
                        f"{stage.size[0]}×{stage.size[1]} maps: use posterior=diagonal with encoder=deep"
                    )
                body = Bottleneck(shape[0], middle, channels, stage.size, activation, recompute=recompute)
                return Net(nn.Sequential(body, nn.Flatten()), shape, (n,))

            made = posterior(make_net, self.z_dims[l], l)
            return diagonal_alone(made, l) if relative and l < self.depth - 1 else made

        self.heads = nn.ModuleList(head(l) for l in range(self.depth))

    def encode(self, x: Tensor) -> list[Tensor]:
        """The features of each stage, [B, width, H, W]."""
        x, features = self.read(x), []
        for stage, widen, up in zip(self.stages, self.widen, self.up, strict=True):
            if tuple(x.shape[2:]) != stage.size:
                x = F.adaptive_avg_pool2d(x, stage.size)
            x = up(widen(x))
            features.append(x)
        return features

    def top(self, encoded: list[Tensor]) -> Distribution:
        return self.heads[-1](encoded[-1])

    def propose(self, encoded: list[Tensor], sample_shape: tuple[int, ...] = ()) -> Proposal:
        return downwards(self.top(encoded), lambda l, h, p: self._q(l, encoded[self.of[l]], h, p), sample_shape)

    def _q(self, l: int, seen: Tensor, h: State, p: Distribution) -> Distribution:
        state = h.features
        lead = torch.broadcast_shapes(h.lead, seen.shape[:1])  # [B] beside [K, B], or [s, 1] beside [N]
        both = [part.expand(*lead, *part.shape[-3:]) for part in (seen, state)]
        q = self.heads[l](torch.cat(both, dim=-3))
        if not self.relative:
            return q
        assert isinstance(p, DiagonalNormal) and isinstance(q, DiagonalNormal)  # `relative` takes no others
        return DiagonalNormal(p.loc + q.loc, p.log_scale + q.log_scale)
