"""The limits of a Gaussian q: true posteriors on a grid, and what is lost between the ELBO and log p(x)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gallery.read import Numbers, Picture, Read, pm, table
from gallery.style import BLUE, GREY, ORANGE, RED, figure, plain

PLANES = {"two_paths_vae": "VAE", "two_paths_iwae": "IWAE, k = 10", "two_paths_flow": "flow for q"}
COLUMNS = 6
MODELS = {**PLANES, "two_paths_hvae": "hierarchy, 2 + 2 units"}


def posteriors(read: Read) -> tuple[Figure, Numbers]:
    made = figure(8.6, 5.2)
    grid = made.subplots(len(PLANES), COLUMNS)
    for row, (run, title) in zip(grid, PLANES.items(), strict=True):
        arrays = read.arrays(run, "posterior")
        for ax, log_p, log_q, kl in zip(row, arrays["log_p"], arrays["log_q"], arrays["kl"], strict=False):
            _one(ax, np.exp(log_p - log_p.max()), np.exp(log_q - log_q.max()))
            ax.set_xlabel(f"KL(q ‖ p) {kl:.2f}", fontsize=8)
        row[0].set_ylabel(title, fontsize=9, rotation=0, ha="right", va="center")
    numbers: Numbers = {}
    for run in PLANES:
        told = read.diagnosis(run)["posterior_grid"]
        numbers[f"several.{run[10:]}"] = 100 * told["several_modes"]
        for key in ("kl_from_q", "log_px_grid", "elbo", "kl_from_q_one_mode", "kl_from_q_several_modes"):
            numbers[f"{key}.{run[10:]}"] = "—" if told[key] is None else told[key]["value"]
    return made, numbers


def _one(ax: Axes, p: np.ndarray, q: np.ndarray) -> None:
    """Where either is not small: p(z | x) as shades, q(z | x) as the lines of one and two σ of a Gaussian."""
    seen = np.argwhere((p > 0.01) | (q > 0.05))
    centre, half = (seen.min(0) + seen.max(0)) // 2, int((seen.max(0) - seen.min(0)).max() // 2 + 4)
    (bottom, left), (top, right) = np.clip(centre - half, 0, None), centre + half + 1
    p, q = p[bottom:top, left:right], q[bottom:top, left:right]
    # the root shows what is faint too; z_2 upwards
    ax.imshow(np.sqrt(p), cmap="Blues", vmin=0, vmax=1, origin="lower")
    ax.contour(q, levels=np.exp([-2.0, -0.5]), colors=RED, linewidths=1.1)
    ax.set_xticks([])
    ax.set_yticks([])


def gaps(read: Read) -> tuple[Figure, Numbers]:
    told = {run: read.diagnosis(run)["gap"] for run in MODELS}
    made = figure(7.6, 2.8)
    ax = plain(made.subplots(), "log p̂(x) − ELBO, and whose fault it is", "nats", "")
    numbers: Numbers = {}
    rows = []
    for place, (run, title) in enumerate(MODELS.items()):
        gap = told[run]
        if gap["approximation"] is None:
            ax.barh(place, gap["total"]["value"], color=GREY)
        else:
            first = gap["approximation"]["value"]
            ax.barh(place, first, color=ORANGE)
            ax.barh(place, gap["amortisation"]["value"], left=first, color=BLUE)
        name = run[10:]
        parts = {key: gap[key] for key in ("elbo", "iw_bound", "total", "approximation", "amortisation")}
        numbers |= {f"{key}.{name}": "—" if part is None else part["value"] for key, part in parts.items()}
        rows.append((title, *("not to be had" if part is None else pm(part, 2) for part in parts.values())))
    for colour, label in ((ORANGE, "q's family"), (BLUE, "the encoder"), (GREY, "not told apart")):
        ax.barh([0], [0], color=colour, label=label)
    ax.set_yticks(range(len(MODELS)), MODELS.values())
    ax.invert_yaxis()
    ax.legend(fontsize=8, frameon=False, loc="upper center", ncols=3, bbox_to_anchor=(0.5, -0.25))
    head = ("model", "ELBO", "IW bound", "gap", "of q's family", "of the encoder")
    numbers |= {"table": table(head, rows), "n": told["two_paths_vae"]["n"], "k": told["two_paths_vae"]["iw_samples"]}
    return made, numbers


PICTURES = [
    Picture("posteriors", tuple(PLANES), posteriors),
    Picture("gaps", tuple(MODELS), gaps),
]
