"""The layout of a deep convolutional model: how many layers at which resolution."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from vaelab.errors import ConfigError
from vaelab.nn.net import Shape


class Stage(NamedTuple):
    """`blocks` latent layers of `z_channels`×H×W units each, on feature maps of `width` channels."""

    size: tuple[int, int]
    blocks: int
    width: int
    z_channels: int

    @property
    def z_dim(self) -> int:
        return self.z_channels * self.size[0] * self.size[1]


def read_stages(given: Sequence[Mapping[str, Any]], x_shape: Shape) -> list[Stage]:
    """`model.stages` of a config, from the image up to the top, for images [C, H, W].

    A resolution is one side of a square, [H, W], or `image`: that of the images. Raises ConfigError unless the first
    is the image's own and each is no larger than the one before.
    """
    if not given:
        raise ConfigError("model.stages is empty: give one stage or more, {resolution, blocks, width, z_channels} each")
    stages = []
    for stage in given:
        side = stage["resolution"]
        if side == "image":
            side = x_shape[1:]
        size = (side, side) if isinstance(side, int) else (side[0], side[1])
        stages.append(Stage(size, stage["blocks"], stage["width"], stage["z_channels"]))
    if stages[0].size != tuple(x_shape[1:]):
        h, w = x_shape[1:]
        asked = str(h) if h == w else f"[{h}, {w}]"
        raise ConfigError(
            f"model.stages begins at resolution {list(stages[0].size)}, but the images are {h}×{w}: "
            f"give the first stage resolution: {asked}, or image, or scale the images with data.size"
        )
    for below, above in pairwise(stages):
        if above.size[0] > below.size[0] or above.size[1] > below.size[1]:
            raise ConfigError(
                f"model.stages goes from the image up to the top: resolution {list(above.size)} cannot stand above "
                f"{list(below.size)}. Give a smaller one or leave that stage out, and its number of encoder.blocks too"
            )
    return stages


def by_layer(stages: Sequence[Stage]) -> list[int]:
    """Of each latent layer, from z_1 up, the index of its stage."""
    return [s for s, stage in enumerate(stages) for _ in range(stage.blocks)]
