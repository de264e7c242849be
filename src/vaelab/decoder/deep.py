"""Residual top-down blocks from 1×1 to the full resolution, with latents that are feature maps."""

import math
from itertools import pairwise
from typing import ClassVar, Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaelab.config.types import Count, Positive
from vaelab.decoder.decoder import Decoder
from vaelab.distributions import DiagonalNormal, Scale, whole
from vaelab.nn import Shape
from vaelab.nn.bottleneck import Bottleneck, middle_of
from vaelab.nn.layers import Activation
from vaelab.nn.stage import Stage, by_layer


class State(NamedTuple):
    """What passes down to the next layer: features x [N, C, H, W] of all z above, what was read from them for that
    layer (p's parameters, and features to add), and the shape that N stands for: [B] or [K, B]."""

    x: Tensor
    params: Tensor | None
    added: Tensor | None
    lead: tuple[int, ...]

    @property
    def features(self) -> Tensor:
        """x as [.., C, H, W]."""
        return self.x.unflatten(0, self.lead) if len(self.lead) > 1 else self.x


class Deep(Decoder):
    """p(x | z_1..L) Π p(z_l | z_>l) of VDVAE (Child 2021, figure 3): at every layer

        p(z_l | z_>l), f = ahead(x)        x ← x + f + W z_l        x ← x + block(x)

    `stages` are those of `model.stages`. Where the resolution changes, x is enlarged and a learned map is added (up to
    sides of `bias_up_to`). z_l is flat, [.., z_channels·H·W]. `bottleneck` is the share of the width inside a block,
    `recompute` as in `Bottleneck`.
    """

    layout: ClassVar[Literal["z_dims", "stages"]] = "stages"

    def __init__(
        self,
        stages: list[Stage],
        params_shape: Shape,
        *,
        bottleneck: Positive,
        activation: Activation,
        scale: Scale,
        bias_up_to: Count,
        recompute: bool,
    ) -> None:
        super().__init__()
        self.stages, self.of = stages, by_layer(stages)
        self.z_dims = [stages[s].z_dim for s in self.of]
        depth, gain = len(self.of), math.sqrt(1 / len(self.of))
        parts = 2 if scale == "free" else 1
        self.into, self.blocks, self.ahead = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        self.raw = nn.ParameterList()
        for l, s in enumerate(self.of):
            stage = stages[s]
            middle = middle_of(stage.width, bottleneck)
            into = nn.Conv2d(stage.z_channels, stage.width, 1)
            with torch.no_grad():
                into.weight *= gain
            self.into.append(into)
            facts = (stage.size, activation)
            self.blocks.append(Bottleneck(stage.width, middle, stage.width, *facts, True, gain, recompute))
            if l < depth - 1:
                out = parts * stage.z_channels + stage.width
                self.ahead.append(Bottleneck(stage.width, middle, out, *facts, gain=0.0, recompute=recompute))
                if scale == "constant":
                    self.raw.append(nn.Parameter(torch.zeros(stage.z_dim)))
        self.n_params = [parts * stage.z_channels for stage in stages]
        self.maps = nn.ParameterList(
            nn.Parameter(torch.zeros(stage.width, *(stage.size if max(stage.size) <= bias_up_to else (1, 1))))
            for stage in stages
        )
        self.widen = nn.ModuleList(
            nn.Identity() if above.width == here.width else nn.Conv2d(above.width, here.width, 1)
            for here, above in pairwise(stages)
        )
        self.gain, self.bias = nn.Parameter(torch.ones(stages[0].width, 1, 1)), nn.Parameter(torch.zeros(1))
        self.out = nn.Conv2d(stages[0].width, params_shape[0], 1)

    def p(self, l: int, h: State) -> DiagonalNormal:
        assert h.params is not None
        params = whole(h.params.flatten(1))
        params = params.unflatten(0, h.lead) if len(h.lead) > 1 else params
        if len(self.raw) == 0:
            return DiagonalNormal.from_params(params)
        return DiagonalNormal.bounded(params, self.raw[l])

    def update(self, l: int, h: State | None, z: Tensor) -> State:
        stage, lead = self.stages[self.of[l]], tuple(z.shape[:-1])
        added = self.into[l](z.reshape(-1, stage.z_channels, *stage.size))
        if h is None:
            x = self.maps[self.of[l]] + added
        else:
            assert h.added is not None
            x = h.x + h.added
            # states of [B] that meet draws of [K, B]
            x = (x if len(x) == len(added) else x.repeat(len(added) // len(x), 1, 1, 1)) + added
        x = self.blocks[l](x)
        if l == 0:
            return State(x, None, None, lead)
        if self.of[l - 1] != self.of[l]:
            x = self._enter(self.of[l - 1], x)
        n = self.n_params[self.of[l - 1]]
        # one split: two slices would each fill a whole gradient with zeros
        params, added = self.ahead[l - 1](x).split([n, x.shape[1]], dim=1)
        return State(x, params, added, lead)

    def _enter(self, s: int, x: Tensor) -> Tensor:
        """The features of the stage above, at the resolution of stage s."""
        return F.interpolate(self.widen[s](x), size=self.stages[s].size, mode="nearest") + self.maps[s]

    def params(self, h: State) -> Tensor:
        params = self.out(h.x * self.gain + self.bias)
        return params.unflatten(0, h.lead) if len(h.lead) > 1 else params

    def state_shape(self, l: int) -> Shape:
        stage = self.stages[self.of[l]]
        return (stage.width, *stage.size)
