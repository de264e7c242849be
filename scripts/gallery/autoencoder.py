"""Why an autoencoder does not generate: codes of the training images beside the prior, and samples from it."""

import numpy as np
from matplotlib.figure import Figure

from gallery.read import Numbers, Picture, Read
from gallery.style import figure, plain, sheet, show

RUNS = {"plane_0": "β = 0: an autoencoder", "plane_1": "β = 1: a VAE"}
INSIDE = 2.0  # prior standard deviations: 86 % of N(0, I) in two dimensions


def codes(read: Read) -> tuple[Figure, Numbers]:
    made = figure(8.6, 7.2)
    axes = made.subplots(3, 2, height_ratios=(3.2, 1, 1))
    numbers: Numbers = {}
    dots = None
    for column, (run, title) in enumerate(RUNS.items()):
        found, ax = read.arrays(run, "codes"), axes[0, column]
        plain(ax, title, "z, first unit", "second unit" if not column else "")
        z = found["z"]
        dots = ax.scatter(*z.T, c=found["label"], s=2, cmap="tab10", vmin=-0.5, vmax=9.5, linewidths=0, rasterized=True)
        turn = np.linspace(0, 2 * np.pi, 200)
        ax.plot(INSIDE * np.cos(turn), INSIDE * np.sin(turn), color="black", lw=1.2, label="2σ of the prior N(0, I)")
        ax.set_aspect("equal", "datalim")
        if not column:
            ax.legend(fontsize=8, frameon=False, loc="upper left")
        show(axes[1, column], sheet(found["samples"], 8), title="2 units: decoded z ~ N(0, I)")
        many = run.replace("plane", "beta")
        more = read.arrays(many, "samples")["samples"]
        show(axes[2, column], sheet(more, 8), title="20 units: decoded z ~ N(0, I)")
        numbers |= _numbers(read, run) | _numbers(read, many)
        numbers |= {
            f"{run}.spread": float(z.std(0).mean()),
            f"{run}.inside": 100 * float((np.hypot(*z.T) < INSIDE).mean()),
        }
    assert dots is not None
    bar = made.colorbar(dots, ax=axes[0, :], ticks=range(10), label="digit", shrink=0.8, aspect=30)
    bar.ax.tick_params(labelsize=8)
    return made, numbers


def _numbers(read: Read, run: str) -> Numbers:
    told, found = read.evaluation(run), read.diagnosis(run)["surgery"]
    return {
        f"{run}.reconstruction": told["reconstruction"]["value"],
        f"{run}.kl": told["kl"]["value"],
        f"{run}.elbo": told["elbo"]["value"],
        f"{run}.information": found["layers"][0]["information"]["value"],
        f"{run}.marginal_kl": found["layers"][0]["marginal_kl"]["value"],
        "cap": found["cap"],
        "n": found["n"],
    }


PICTURES = [Picture("codes", (*RUNS, "beta_0", "beta_1"), codes)]
