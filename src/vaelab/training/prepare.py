"""Trainer options that change how a model runs and not what it computes."""

from typing import Any

import torch
from torch import nn

from vaelab.nn import Net
from vaelab.nn.bottleneck import Bottleneck
from vaelab.nn.masked import GatedPixelCNN

# settings of conf/trainer that are ours and not Lightning's
OURS = ("compile", "channels_last", "max_time")


def prepare(module: nn.Module, trainer: Any) -> None:
    """Make `module` run as the `trainer` group of a config says.

    `channels_last` keeps the weights of convolutions, and so what passes through them, with the channels innermost.
    `compile` has torch.compile take the networks of encoder, decoder and pixelcnn; heads of one matrix, flows,
    densities and the loop over layers stay as they are written. Names of weights are unchanged, so that checkpoints fit
    with and without either.
    """
    if trainer.get("channels_last"):
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if trainer.get("compile"):
        # one graph for each shape of block: a deep model has more of them than torch expects of one function
        torch._dynamo.config.recompile_limit = 64
        for part in module.modules():
            if isinstance(part, Net | Bottleneck | GatedPixelCNN):
                part.compile()
