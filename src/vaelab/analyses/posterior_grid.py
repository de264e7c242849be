"""The true posterior of a model with two latent units, beside q."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from vaelab.analyses.analysis import Analysis, Subject
from vaelab.config.types import PositiveInt
from vaelab.diagnostics.evaluate import evaluate_split
from vaelab.diagnostics.figure import figure
from vaelab.diagnostics.posterior_grid import PosteriorGrid as Found
from vaelab.diagnostics.posterior_grid import posterior_grid as on_grid
from vaelab.pictures.draw import shades
from vaelab.pictures.grid import Grid
from vaelab.training.load import Loaded


class PosteriorGrid(Analysis):
    """p(z | x) at `size`² points for `images` images of the split: its modes, log p(x) by quadrature, beside it the
    ELBO and the bound of `iw_samples` draws, nats an image.

    `kl_from_q` is KL(q ‖ p(z | x)) = log p(x) - ELBO, exactly what inference loses, which the bound cannot say where q
    misses a mode; `kl_to_q` is the other way round. Where `quadrature_error` is not small, or `q_mass` far from 1, the
    grid is too coarse. Picture posterior_grid.png shows the `shown` images with the most modes.
    """

    def __init__(self, *, images: PositiveInt, size: PositiveInt, iw_samples: PositiveInt, shown: PositiveInt) -> None:
        self.images, self.size, self.iw_samples, self.shown = images, size, iw_samples, shown

    def refusal(self, run: Loaded) -> str | None:
        z_dims = list(run.module.hierarchy.z_dims)
        return None if z_dims == [2] else f"a grid is for one layer of two units, and this model has z_dims={z_dims}"

    def __call__(self, subject: Subject) -> dict[str, Any]:
        hierarchy, x = subject.run.module.hierarchy, subject.images(self.images, "posterior_grid")
        subject.refuse_long(x, "analyses.posterior_grid.images or .size", grid=self.size)
        grid = on_grid(hierarchy, x, self.size, subject.max_rows)
        bounds = evaluate_split(hierarchy, [x], self.iw_samples, subject.max_rows)
        modes, several = grid.modes, grid.modes > 1
        self._draw(subject, x, grid, modes)
        each = {
            "modes": modes,
            "log_px_grid": grid.log_px,
            "elbo": bounds.elbo,
            "iw_bound": bounds.iw_bound,
            "kl_from_q": grid.kl_from_q,
            "kl_to_q": grid.kl_to_q,
        }
        return {
            "n": len(x),
            "size": self.size,
            "box": [grid.low, grid.high],
            "iw_samples": self.iw_samples,
            "several_modes": several.double().mean().item(),
            "log_px_grid": figure(grid.log_px),
            "elbo": figure(bounds.elbo),
            "iw_bound": figure(bounds.iw_bound),
            "kl_from_q": figure(grid.kl_from_q),
            "kl_from_q_one_mode": _of(grid.kl_from_q, ~several),
            "kl_from_q_several_modes": _of(grid.kl_from_q, several),
            "quadrature_error": grid.quadrature_error.max().item(),
            "q_mass": {"low": grid.q_mass.min().item(), "high": grid.q_mass.max().item()},
            "images": [
                dict(zip(each, row, strict=True)) for row in zip(*(v.tolist() for v in each.values()), strict=True)
            ],
        }

    def _draw(self, subject: Subject, x: Tensor, grid: Found, modes: Tensor) -> None:
        which = modes.argsort(descending=True, stable=True)[: self.shown]
        shade = shades(subject.run.module.units, x)
        size = grid.log_p.shape[-1]
        rows = [("x", F.interpolate(x[which].float(), (size, size)))]
        rows += [("true p(z | x)", _heat(grid.log_p[which], *shade)), ("q(z | x)", _heat(grid.log_q[which], *shade))]
        share = f"{int((modes > 1).sum())} of {len(x)} images have several modes"
        box = f"z from {grid.low:.1f} to {grid.high:.1f}"
        title = f"the {len(which)} images with the most modes ({share}); {box}, grey is √density; KL in nats"
        words = [
            f"{m} mode{'s' if m != 1 else ''}, KL(q ‖ p) {kl:.2f}"
            for m, kl in zip(modes[which].tolist(), grid.kl_from_q[which].tolist(), strict=True)
        ]
        subject.write("posterior_grid", Grid(title, rows, words), x)


def _heat(log_density: Tensor, low: float, high: float) -> Tensor:
    """[n, 1, S, S], z_2 upwards, from `low` to `high` at the peak of each; the root shows what is faint too."""
    root = (0.5 * (log_density - log_density.amax((1, 2), keepdim=True))).exp()
    return (low + (high - low) * root.flip(1)).unsqueeze(1).float()


def _of(values: Tensor, some: Tensor) -> dict[str, float] | None:
    """Of some images; None where they are fewer than two."""
    return figure(values[some]) if some.sum() > 1 else None
