"""Every picture of a model, written into a folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from vaelab.config.fault import Fault, refuse
from vaelab.config.names import is_part
from vaelab.data.batches import Batch
from vaelab.data.image_data import ImageData
from vaelab.errors import ConfigError
from vaelab.pictures.grid import write_grid
from vaelab.pictures.picture import Picture
from vaelab.seeding import noise_key, seed_noise
from vaelab.training.modules import HVAE


def refuse_unfit(pictures: Mapping[str, Picture], z_dims: Sequence[int], images: int, where: str = "pictures") -> None:
    """Raise one ConfigError that tells every setting which does not fit the model, by its dotted name, and every name
    that is none of a file."""
    faults = [Fault(f"{where} has {name!r}: it names a file and has no /") for name in pictures if not is_part(name)]
    faults += [
        Fault(f"{where}.{name}.{text}") for name, picture in pictures.items() for text in picture.faults(z_dims, images)
    ]
    refuse(faults)


@torch.no_grad()
def draw_all(
    module: HVAE,
    data: ImageData,
    pictures: Mapping[str, Picture],
    split: str,
    n: int,
    folder: Path,
    suffix: str = "",
    seed: int = 0,
) -> dict[str, Path]:
    """Write each picture as <its name><suffix>.png, from `n` images of a split: {name: path}.

    The noise of a picture hangs on the seed and its name alone, not on the others drawn. The model is left in the mode
    it was in. Raises ConfigError, before anything is drawn, for settings that do not fit it.
    """
    hierarchy, training = module.hierarchy, module.training
    x = data.in_units(Batch(data.spread(split, n).to(module.device), noise_key(seed, "shown"))).x
    refuse_unfit(pictures, hierarchy.z_dims, len(x))
    low, high = shades(module.units, x)
    paths = {}
    module.eval()
    try:
        for name, picture in pictures.items():
            seed_noise(noise_key(seed, "pictures", name))
            try:
                grid = picture(hierarchy, x)
            except NotImplementedError as error:
                # a family of distributions without a rule for what was asked: says which
                raise ConfigError(f"pictures.{name}: {error}") from error
            note = f"{split} split, seed {seed}" if picture.shows_data else f"seed {seed}"
            paths[name] = write_grid(folder / f"{name}{suffix}.png", grid, low, high, note)
    finally:
        module.train(training)
    return paths


def shades(units: str, x: Tensor) -> tuple[float, float]:
    """The values shown as black and as white: for units of no fixed range those of the images x."""
    return {"real": (float(x.min()), float(x.max())), "byte": (0.0, 255.0)}.get(units, (0.0, 1.0))
