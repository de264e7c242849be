"""Small models for tests, built by hand in a few lines."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from vaelab.decoder import Markov, Residual
from vaelab.encoder import BottomUp, TopDown
from vaelab.encoder import merge as merges
from vaelab.likelihood import Bernoulli
from vaelab.likelihood.likelihood import Likelihood
from vaelab.model import Hierarchy
from vaelab.nn import Shape
from vaelab.nn.mlp import mlp
from vaelab.posterior import Posterior
from vaelab.posterior.diagonal import diagonal
from vaelab.prior import Prior, StandardNormal

DIAGONAL = partial(diagonal, scale="free")
NET = partial(mlp, widths=[16, 8], depth=1, activation="tanh", norm="none")
MERGES = {
    "precision_weighted": merges.PrecisionWeighted,
    "concatenate": merges.Concatenate,
    "residual": merges.Residual,
}
ENCODERS = ["bottom_up", *MERGES]
DECODERS = ["markov", "residual"]


def hierarchy(
    z_dims: list[int],
    encoder: str = "precision_weighted",
    decoder: str = "markov",
    x_shape: tuple[int, int, int] = (1, 4, 4),
    seed: int = 0,
    make_likelihood: Callable[[Shape], Likelihood] = Bernoulli,
    posterior: Posterior = DIAGONAL,
    prior: Prior | None = None,
) -> Hierarchy:
    """A small MLP hierarchy with seeded weights. `encoder`: bottom_up, or a merge for top-down inference."""
    torch.manual_seed(seed)
    likelihood = make_likelihood(x_shape)
    shape = likelihood.params_shape
    if decoder == "markov":
        dec = Markov(z_dims, shape, net=NET, scale="free")
    else:
        dec = Residual(z_dims, shape, net=NET, width=12, scale="free")
    states = [dec.state_shape(l) for l in range(len(z_dims) - 1)]
    if encoder == "bottom_up":
        enc = BottomUp(z_dims, x_shape, states, posterior, net=NET)
    else:
        enc = TopDown(z_dims, x_shape, states, posterior, net=NET, merge=MERGES[encoder])
    return Hierarchy(prior or StandardNormal(z_dims[-1]), dec, likelihood, enc)


def images(n: int, x_shape: tuple[int, int, int] = (1, 4, 4), seed: int = 3) -> torch.Tensor:
    return torch.rand(n, *x_shape, generator=torch.Generator().manual_seed(seed)).round()


def make_trainer(folder: Path, callbacks: list[pl.Callback], epochs: int, **extra: Any) -> pl.Trainer:
    """A silent trainer on the CPU that writes into `folder`."""
    return pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=folder,
        callbacks=callbacks,
        **extra,
    )
