"""What each layer carries of some images of validation, in the middle of training."""

import math
from typing import NamedTuple

import pytorch_lightning as pl
import torch

from vaelab.callbacks.ema import averaged
from vaelab.data.batches import Batch
from vaelab.data.image_data import ImageData
from vaelab.diagnostics.surgery import surgery
from vaelab.posterior.posterior import Head
from vaelab.seeding import noise_key, seed_noise
from vaelab.training.modules import HVAE

# images × draws that pass through the network at a time, as many as evaluation has
MAX_ROWS = 1000
# how many pairs of images may be looked at for each image that is trained on between two checks, so that a check stays
# about 5 % of training: a pair costs up to a sixth of a training image in a hierarchy of maps, and up to one where q is
# no diagonal Gaussian (an autoregressive flow goes unit by unit)
OF_MAPS, OF_RICHER = 0.3, 0.05


class Carried(NamedTuple):
    """Figures for the record, {"val/information/z{i}": nats, "val/marginal_kl/z{i}": nats, "val/information_images": of
    how many}, and of each layer the nats that it carries beyond doubt: 0 within a standard error, None where they are
    not known."""

    figures: dict[str, float]
    nats: list[float | None]


def carried(trainer: pl.Trainer, module: HVAE, data: ImageData, images: int) -> Carried:
    """ELBO surgery on `images` of the validation split, with the weights that were validated.

    The same images and noise each time, so that what changes is the model; torch's generators are left as they were.
    An information near log N is no more than a lower bound: not known. Where q or p has no density nothing is.
    """
    key = noise_key(data.seed, "collapse")
    devices = [module.device] if module.device.type == "cuda" else []
    precision = trainer.precision_plugin.val_step_context()
    with torch.random.fork_rng(devices=devices), averaged(trainer, module), precision:
        x = data.in_units(Batch(data.spread("val", images).to(module.device), key)).x
        seed_noise(key)
        if len(x) < 2:  # of one image there is nothing to tell apart
            return Carried({}, [None] * module.hierarchy.depth)
        try:
            found = surgery(module.hierarchy, x, MAX_ROWS)
        except NotImplementedError:
            return Carried({}, [None] * module.hierarchy.depth)
    information, marginal_kl = found.information.mean(0), found.marginal_kl.mean(0)
    beyond = information > found.information.std(0) / found.n**0.5
    told = {"information": information.tolist(), "marginal_kl": marginal_kl.tolist()}
    figures = {f"val/{name}/z{i}": value for name, row in told.items() for i, value in enumerate(row, start=1)}
    figures["val/information_images"] = float(found.n)
    sure = torch.where(beyond, information, 0.0).tolist()
    return Carried(figures, [None if full else value for value, full in zip(sure, found.saturated, strict=True)])


def affordable(trainer: pl.Trainer, module: HVAE, data: ImageData, images: int, every_n_epochs: int) -> int:
    """`images`, or fewer where their square would cost too much of training: as many at each check of a run."""
    encoder = module.hierarchy.encoder
    richer = any(isinstance(part, Head) for part in encoder.modules())
    if not richer and encoder.layout != "stages":
        return images
    trained = trainer.num_training_batches * data.batch_size * trainer.world_size * every_n_epochs
    return min(images, max(2, math.isqrt(int((OF_RICHER if richer else OF_MAPS) * trained))))
