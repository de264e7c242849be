"""Posterior collapse three ways, what the monitor said, and what `vaelab diagnose` makes of it."""

import re

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gallery.read import Numbers, Picture, Read, active, pm, table
from gallery.runs import VARIANCES
from gallery.style import BLUE, GREEN, ORANGE, RED, STATES, figure, plain

SHOWN = {
    "beta_1": "β = 1, Bernoulli",
    "beta_rising": "β from 0 to 40",
    "sigma_10": "σ² = 10",
    "pixelcnn": "a PixelCNN decoder",
}
# the PixelCNN again, with what was to be tried
TRIED = {
    "pixelcnn": "as it is",
    "pixelcnn_long": "twice as many epochs",
    "pixelcnn_weak": "a weaker decoder: one layer, kernel 3",
    "pixelcnn_free_bits": "free bits: 4 nats",
}


def monitor(read: Read) -> tuple[Figure, Numbers]:
    made = figure(9.2, 3.0)
    numbers: Numbers = {}
    rows = []
    for i, (ax, (run, title)) in enumerate(zip(made.subplots(1, len(SHOWN)), SHOWN.items(), strict=True)):
        plain(ax, title, "epoch", "nats" if not i else "")
        _states(ax, read, run)
        for key, colour, label in (("kl", BLUE, "kl"), ("information", ORANGE, "I(x; z)")):
            ax.plot(*read.history(run, f"val/{key}/z1"), ".-", ms=3, color=colour, label=label)
        ax.set_yscale("symlog", linthresh=0.1)
        ax.set_ylim(-0.02, 60)
        if not i:
            ax.legend(fontsize=8, frameon=False, loc="lower right")
        told = read.evaluation(run)
        said = _said(read, run)
        cause = (read.diagnosis(run)["verdict"]["causes"] or [{"cause": "none"}])[0]["cause"]
        numbers |= {
            f"{run}.kl": told["kl"]["value"],
            f"{run}.elbo": told["elbo"]["value"],
            f"{run}.active": active(told),
            f"{run}.words": read.diagnosis(run)["verdict"]["words"],
            f"{run}.cause": cause,
            f"{run}.monitor": said,
        }
        rows.append((title, active(told), f"{told['kl']['value']:.3f}", said, cause))
    head = ("run", "active units", "kl, nats", "the monitor", "likeliest cause")
    return made, {"table": table(head, rows), "tried": _tried(read), **numbers}


def _tried(read: Read) -> str:
    rows = []
    for run, title in TRIED.items():
        told, bounds = read.evaluation(run), read.diagnosis(run)["skip_bound"]["bounds"]
        carried = bounds[0]["elbo"]["value"] - bounds[-1]["elbo"]["value"]
        rows.append((title, pm(told["elbo"]), f"{told['kl']['value']:.2f}", active(told), f"{carried:.2f}"))
    return table(("PixelCNN", "ELBO", "kl", "active units", "nats that z carries"), rows)


def _states(ax: Axes, read: Read, run: str) -> None:
    """The background of each check, from the one before it."""
    epochs, states = read.history(run, "collapse/z1")
    for start, end, state in zip([0, *epochs], epochs, states, strict=False):
        ax.axvspan(start, end, color=STATES[int(state)], lw=0)


def _said(read: Read, run: str) -> str:
    """The monitor's line of the training's output."""
    lines = re.findall(r"^(epoch \d+: z1 .*?[.])(?= `| Kept|$)", read.log(run, "train"), re.MULTILINE)
    return f"“{lines[-1]}”" if lines else "nothing"


def spectrum(read: Read) -> tuple[Figure, Numbers]:
    told = {variance: read.diagnosis(f"sigma_{variance}") for variance in VARIANCES}
    values = told["1"]["spectrum"]["eigenvalues"]
    made = figure(8.6, 3.4)
    left, right = made.subplots(1, 2)
    plain(left, "variances of the data, and σ²", "direction, the largest first", "eigenvalue of the covariance")
    plain(right, "units in use", "σ²", "units")
    left.plot(range(1, len(values) + 1), values, color=BLUE)
    for variance in VARIANCES:
        left.axhline(float(variance), color=RED, lw=0.8, ls=":")
        left.text(len(values), float(variance), f"σ² = {variance}", fontsize=7, ha="right", va="bottom", color=RED)
    left.set_yscale("log")
    left.set_ylim(1e-4, 30)
    left.set_xlim(0, min(400, len(values)))
    for text in left.texts:
        text.set_x(min(395, len(values)))
    places = [float(variance) for variance in VARIANCES]
    above = [told[v]["spectrum"]["above"] for v in VARIANCES]
    alive = [told[v]["units"]["layers"][0]["active_units"] for v in VARIANCES]
    right.plot(places, [min(20, n) for n in above], "o--", color=RED, label="directions above σ² (at most 20)")
    right.plot(places, alive, "o-", color=GREEN, label="active units of 20")
    right.set_xscale("log")
    right.legend(fontsize=8, frameon=False)
    rows = [
        (v, str(above[i]), f"{alive[i]} of 20", f"{told[v]['units']['kl']['value']:.2f}")
        for i, v in enumerate(VARIANCES)
    ]
    numbers: Numbers = {"largest": values[0], "spectrum": table(("σ²", "directions above", "active", "kl"), rows)}
    for variance, n, some in zip(VARIANCES, above, alive, strict=True):
        numbers |= {f"above.{variance}": n, f"active.{variance}": some}
    return made, numbers


PICTURES = [
    Picture("monitor", (*SHOWN, *list(TRIED)[1:]), monitor),
    Picture("eigenvalues", tuple(f"sigma_{variance}" for variance in VARIANCES), spectrum),
]
