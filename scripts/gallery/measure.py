"""Arrays of a trained run that no command of vaelab writes: <folder>/<measure>.npz.

python scripts/gallery/measure.py <folder> best codes blur …
"""

import sys
from pathlib import Path

import numpy as np
import torch

from vaelab import load
from vaelab.analyses import Subject
from vaelab.diagnostics.blur import ideal
from vaelab.diagnostics.posterior_grid import posterior_grid
from vaelab.proposal import Ancestral, Clamped
from vaelab.seeding import noise_key, seed_noise

SHOWN = 8
ROWS = 1000


def codes(subject: Subject) -> dict[str, np.ndarray]:
    """Of a model with two units: draws of q(z | x) and digits of training images, and samples."""
    hierarchy = subject.run.module.hierarchy
    x = subject.images(None, "codes", "train")
    latents = [hierarchy(some).latents[0] for some in x.split(ROWS)]
    z = torch.cat([latent.z for latent in latents])
    return {"z": z, "label": subject.run.data.labels("train"), **samples(subject)}


def samples(subject: Subject) -> dict[str, np.ndarray]:
    """Means of p(x | z), z ~ p(z)."""
    seed_noise(noise_key(subject.seed, "samples"))
    return {"samples": subject.run.module.hierarchy.generate(Ancestral((16,))).px.mean}


def blur(subject: Subject) -> dict[str, np.ndarray]:
    """Images of the test split, the decoder's mean at a draw of z, the best mean there, and how many it blends."""
    hierarchy = subject.run.module.hierarchy
    x, train = subject.images(SHOWN, "shown"), subject.images(None, "shown train", "train")
    terms = hierarchy(x)
    best = ideal(hierarchy, train, [latent.z for latent in terms.latents], ROWS)
    return {"data": x, "decoder": terms.px.mean, "ideal": best.mean, "perplexity": best.perplexity}


def posterior(subject: Subject) -> dict[str, np.ndarray]:
    """p(z | x) and q(z | x) on a grid, of images of the test split."""
    x = subject.images(500, "posterior_grid")
    grid = posterior_grid(subject.run.module.hierarchy, x, 150, ROWS)
    which = grid.modes.argsort(descending=True, stable=True)[:6]
    return {
        "data": x[which], "log_p": grid.log_p[which], "log_q": grid.log_q[which], "modes": grid.modes[which],
        "kl": grid.kl_from_q[which], "box": torch.tensor([grid.low, grid.high]),
    }  # fmt: skip


def coarse_to_fine(subject: Subject) -> dict[str, np.ndarray]:
    """Images, then with the top k layers held from q(z | x), k from L to 0, the rest drawn from p."""
    hierarchy = subject.run.module.hierarchy
    x = subject.images(SHOWN, "coarse_to_fine")
    kept, depth = hierarchy(x).latents, hierarchy.depth
    rows = [x]
    for k in range(depth, -1, -1):
        given = {l: kept[l].z for l in range(depth - k, depth)}
        rows.append(hierarchy.generate(Clamped(given, Ancestral((len(x),)))).px.mean)
    return {"rows": torch.stack(rows)}


@torch.no_grad()
def main() -> None:
    torch.set_num_threads(1)
    folder, weights, *names = sys.argv[1:]
    subject = Subject(load(folder, weights), "test", 0, ROWS, Path(folder) / "images")
    for name in names:
        arrays = globals()[name](subject)
        np.savez_compressed(Path(folder) / f"{name}.npz", **{key: np.asarray(value) for key, value in arrays.items()})


if __name__ == "__main__":
    main()
