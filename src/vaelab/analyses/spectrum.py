"""σ² against the data's own variances: would a linear model use all units?"""

from typing import Any

from vaelab.analyses.analysis import Analysis, Subject
from vaelab.config.types import PositiveInt
from vaelab.diagnostics.data_spectrum import data_spectrum, decoder_variance


class Spectrum(Analysis):
    """Eigenvalues of the covariance of `images` training images (null: all), and how many of them exceed σ².

    In squared units of the likelihood. `units` are those of all layers: in a linear VAE the ones beyond `above` are
    collapsed at the optimum (Lucas et al. 2019). A likelihood without a σ² has null for both.
    """

    def __init__(self, *, images: PositiveInt | None) -> None:
        self.images = images

    def __call__(self, subject: Subject) -> dict[str, Any]:
        hierarchy = subject.run.module.hierarchy
        x = subject.images(self.images, "spectrum", "train")
        variance, eigenvalues = decoder_variance(hierarchy, x[: subject.max_rows]), data_spectrum(x)
        return {
            "n": len(x),
            "sigma2": variance,
            # one that is trained says where training stands, and nothing of what it will come to
            "learned": any(True for _ in hierarchy.likelihood.parameters()),
            "eigenvalues": eigenvalues.tolist(),
            "above": None if variance is None else int((eigenvalues > variance).sum()),
            "units": sum(hierarchy.z_dims),
        }
