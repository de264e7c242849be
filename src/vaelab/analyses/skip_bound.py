"""Which layers carry the picture: the ELBO as they are left to the model, from z_1 up."""

from itertools import pairwise
from typing import Any

from vaelab.analyses.analysis import Analysis, Subject
from vaelab.config.types import PositiveInt
from vaelab.diagnostics.figure import figure
from vaelab.diagnostics.skip_bound import skip_bound
from vaelab.pictures.picture import evenly, layers


class SkipBound(Analysis):
    """L^{>k} of `images` images (null: the split) by `samples` draws an image, and what is lost from one k to the next.

    k = 0 is the ELBO, k = L has every z from p. Of many layers at most `most` values of k, evenly spaced, always both
    ends; the nats are then those of the layers between two of them.
    """

    def __init__(self, *, images: PositiveInt | None, samples: PositiveInt, most: PositiveInt) -> None:
        self.images, self.samples, self.most = images, samples, most

    def __call__(self, subject: Subject) -> dict[str, Any]:
        hierarchy = subject.run.module.hierarchy
        x, depth = subject.images(self.images, "skip_bound"), hierarchy.depth
        ks = evenly(range(depth + 1), max(2, self.most))
        passes = len(x) * self.samples * len(ks)
        subject.refuse_long(x, "analyses.skip_bound.images, .samples or .most", passes)
        bounds = skip_bound(hierarchy, x, ks, self.samples, subject.max_rows)
        lost = bounds[:, :-1] - bounds[:, 1:]
        return {
            "n": len(x),
            "samples": self.samples,
            "loose": not all(hierarchy.encoder.aligned),
            "bounds": [
                {"k": k, "from_q": [f"z{l}" for l in range(k + 1, depth + 1)], "elbo": figure(bounds[:, i])}
                for i, k in enumerate(ks)
            ],
            "layers": [
                {"layer": layers(k + 1, next_k), "nats": figure(lost[:, i])}
                for i, (k, next_k) in enumerate(pairwise(ks))
            ],
        }
