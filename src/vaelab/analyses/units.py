"""Which units of each layer are active."""

from typing import Any

from vaelab.analyses.analysis import Analysis, Subject
from vaelab.config.types import PositiveInt, Several
from vaelab.diagnostics.evaluate import evaluate_split
from vaelab.diagnostics.figure import figure
from vaelab.metrics import term


class Units(Analysis):
    """The ELBO split and the active units of `images` of the split (null: all), by `draws` draws of z an image."""

    def __init__(self, *, images: PositiveInt | None, draws: Several) -> None:
        self.images, self.draws = images, draws

    def __call__(self, subject: Subject) -> dict[str, Any]:
        hierarchy = subject.run.module.hierarchy
        x = subject.images(self.images, "units")
        subject.refuse_long(x, "analyses.units.images", passes=len(x) * self.draws)
        found = evaluate_split(hierarchy, x.split(subject.max_rows), self.draws, subject.max_rows)
        layers = zip(hierarchy.z_dims, found.active_units, found.aligned, found.costs.T, strict=True)
        return {
            "n": len(x),
            "draws": self.draws,
            "elbo": figure(found.elbo),
            "reconstruction": figure(found.reconstruction),
            "kl": figure(found.costs.sum(1)),
            "layers": [
                {"layer": f"z{i}", "units": units, "active_units": active, term(aligned): figure(cost)}
                for i, (units, active, aligned, cost) in enumerate(layers, start=1)
            ],
        }
