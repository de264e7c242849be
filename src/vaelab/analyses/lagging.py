"""Whether the encoder lags behind: the KL of training images before and after q is refined for each of them."""

from typing import Any, Literal

from torch import Tensor

from vaelab.analyses.analysis import Analysis, Subject
from vaelab.config.types import Positive, PositiveInt
from vaelab.diagnostics.evaluate import SplitFigures
from vaelab.diagnostics.figure import figure
from vaelab.diagnostics.gap import gap
from vaelab.diagnostics.refine import cannot_refine
from vaelab.training.load import Loaded


class Lagging(Analysis):
    """ELBO and KL of `images` images of `split` under the encoder's q and the refined one (He et al. 2019, section 3),
    nats an image, from `samples` draws each; `steps`, `lr` and `draws` are those of the refinement, which raises
    reconstruction - kl_weight · kl with the weight that the run ended with; `gain` is by how much.

    A KL that returns says that the encoder lags behind the true posterior; one that stays near 0 that the decoder
    itself does not use z. `layers` is empty where the layers' terms are no KLs, as bottom-up.
    """

    def __init__(
        self,
        *,
        split: Literal["train", "val", "test"],
        images: PositiveInt,
        steps: PositiveInt,
        lr: Positive,
        draws: PositiveInt,
        samples: PositiveInt,
    ) -> None:
        self.split, self.images, self.samples = split, images, samples
        self.steps, self.lr, self.draws = steps, lr, draws

    def refusal(self, run: Loaded) -> str | None:
        return cannot_refine(run.module.hierarchy.encoder)

    def __call__(self, subject: Subject) -> dict[str, Any]:
        hierarchy, x = subject.run.module.hierarchy, subject.images(self.images, "lagging", self.split)
        passes = len(x) * (2 * self.samples + 3 * self.steps * self.draws)
        subject.refuse_long(x, "analyses.lagging.images, .steps or .samples", passes)
        # the encoder is held against what it was trained for: at β > 1 a refined ELBO would always find more to say
        weight = subject.run.module.objective.kl_weight(subject.run.step)
        found = gap(hierarchy, x, self.samples, self.steps, self.lr, self.draws, subject.max_rows, weight)
        before, after = found.encoder, found.refined
        assert after is not None  # `refusal` sees to it
        kls = zip(before.costs.T, after.costs.T, strict=True) if all(before.aligned) else ()
        return {
            "split": self.split,
            "n": len(x),
            "steps": self.steps,
            "kl_weight": weight,
            "gain": figure(_weighted(after, weight) - _weighted(before, weight)),
            "kl": figure(before.costs.sum(1)),
            "kl_refined": figure(after.costs.sum(1)),
            "elbo": figure(before.elbo),
            "elbo_refined": figure(after.elbo),
            "layers": [
                {"layer": f"z{l}", "kl": figure(kl), "kl_refined": figure(refined)}
                for l, (kl, refined) in enumerate(kls, start=1)
            ],
        }


def _weighted(figures: SplitFigures, weight: float) -> Tensor:
    return figures.reconstruction - weight * figures.costs.sum(1)
