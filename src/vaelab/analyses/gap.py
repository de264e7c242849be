"""How far the ELBO is from log p(x), and whether a better encoder or only a richer q would bring it nearer."""

from typing import Any

from vaelab.analyses.analysis import Analysis, Subject
from vaelab.config.types import Positive, PositiveInt
from vaelab.diagnostics.figure import figure
from vaelab.diagnostics.gap import gap
from vaelab.diagnostics.refine import cannot_refine


class Gap(Analysis):
    """Approximation and amortisation gap of `images` images of the split (Cremer et al. 2018, eq. 5), nats an image.

    `steps`, `lr` and `draws` are those of the refinement of q, for each image alone; `iw_samples` draws of each q give
    its ELBO and the bound that stands for log p(x), which is the better of the two q's (`bound_of`). Where posteriors
    have peaks that no q visits, the bound does not see them and the gaps are larger than told. Where q cannot be
    refined (a flow), its parts are null and `word` says why.
    """

    def __init__(
        self, *, images: PositiveInt, steps: PositiveInt, lr: Positive, draws: PositiveInt, iw_samples: PositiveInt
    ) -> None:
        self.images, self.steps, self.lr, self.draws, self.iw_samples = images, steps, lr, draws, iw_samples

    def __call__(self, subject: Subject) -> dict[str, Any]:
        hierarchy, x = subject.run.module.hierarchy, subject.images(self.images, "gap")
        passes = len(x) * (2 * self.iw_samples + 3 * self.steps * self.draws)
        subject.refuse_long(x, "analyses.gap.images, .steps or .iw_samples", passes)
        found = gap(hierarchy, x, self.iw_samples, self.steps, self.lr, self.draws, subject.max_rows)
        refined = None if found.refined is None else found.refined.elbo
        per_image = {"elbo": found.encoder.elbo, "refined": refined, "iw_bound": found.best.iw_bound}
        parts = {"total": found.total, "approximation": found.approximation, "amortisation": found.amortisation}
        told: dict[str, Any] = {
            "n": len(x),
            "iw_samples": self.iw_samples,
            "effective_sample_size": found.best.effective_sample_size.mean().item(),
            "bound_of": "encoder" if found.best is found.encoder else "refined",
            "steps": self.steps,
            # the gap is that of the ELBO, whatever weight the encoder was trained for
            "kl_weight": subject.run.module.objective.kl_weight(subject.run.step),
        }
        told |= {name: None if value is None else figure(value) for name, value in (per_image | parts).items()}
        told["per_image"] = {name: None if value is None else value.tolist() for name, value in per_image.items()}
        word = cannot_refine(hierarchy.encoder)
        return told if word is None else told | {"word": word}
