"""How much of the blur is q's doing: the best decoder mean with q fixed, beside the decoder's own."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from vaelab.analyses.analysis import Analysis, Subject
from vaelab.config.types import PositiveInt
from vaelab.diagnostics.blur import Ideal, ideal
from vaelab.diagnostics.data_spectrum import decoder_variance
from vaelab.diagnostics.figure import figure
from vaelab.diagnostics.radial_spectrum import radial_spectrum, sharpness
from vaelab.diagnostics.shown import possible
from vaelab.model import Hierarchy, Terms
from vaelab.pictures.draw import shades
from vaelab.pictures.grid import Grid
from vaelab.proposal import Ancestral
from vaelab.training.load import Loaded


class Seen(NamedTuple):
    """What the decoder makes of S draws of z, [S, C, H, W], and what the ideal one would."""

    decoder: Tensor
    ideal: Ideal


class Blur(Analysis):
    """μ*(z), its variance and perplexity from q and `n_train` training images (null: all). Seed section 1.4.

    Squared errors are sums over the values of an image, in squared units of the likelihood; means over `images` z.
    At z ~ q(z | x) of training images, in expectation, measured = predicted + distance: what q leaves open, and what
    the decoder adds. A blend of few images (perplexity near 1) knows them by heart and predicts too little.
    `held_out` has z of the split's images, with `ideal` = ‖x - μ*‖²: the blur that q forces on the best decoder of
    all data lies between `predicted` and the lower of the two errors there. Spectrum and sharpness are of these.
    Pictures: blur.png at z of the split's images, blur_prior.png at z from the prior.
    """

    def __init__(self, *, n_train: PositiveInt | None, images: PositiveInt, shown: PositiveInt) -> None:
        self.n_train, self.images, self.shown = n_train, images, shown

    def refusal(self, run: Loaded) -> str | None:
        if possible(run.module.hierarchy, "mean") == "draw":
            return "the likelihood knows no mean of p(x | z) that the blend of training images could be held against"
        return None

    @torch.no_grad()
    def __call__(self, subject: Subject) -> dict[str, Any]:
        hierarchy, rows = subject.run.module.hierarchy, subject.max_rows
        x = subject.images(self.images, "blur")
        train = subject.images(self.n_train, "blur", "train")
        own = train[spread(len(train), self.images)]

        pairs = (len(own) + len(x) + self.images) * len(train)
        subject.refuse_long(train, "analyses.blur.images or analyses.blur.n_train", pairs=pairs)
        on_train, held_out, prior = (
            seen(hierarchy, train, passes, rows)
            for passes in (
                [hierarchy(some) for some in own.split(rows)],
                [hierarchy(some) for some in x.split(rows)],
                [hierarchy.generate(Ancestral((len(some),))) for some in torch.arange(self.images).split(rows)],
            )
        )
        self._draw(subject, x, held_out, prior, len(train))
        pictures = {"data": x, "ideal": held_out.ideal.mean, "decoder": held_out.decoder}
        spectra = {name: radial_spectrum(images) for name, images in pictures.items()}
        return {
            "n_train": len(train),
            "n": len(own),
            "sigma2": decoder_variance(hierarchy, x[:rows]),
            "perplexity": quantiles(on_train.ideal.perplexity),
            "predicted": figure(on_train.ideal.variance.flatten(1).sum(1)),
            "measured": figure(squared(own, on_train.decoder)),
            "distance": figure(squared(on_train.ideal.mean, on_train.decoder)),
            "held_out": {
                "n": len(x),
                "perplexity": quantiles(held_out.ideal.perplexity),
                "ideal": figure(squared(x, held_out.ideal.mean)),
                "measured": figure(squared(x, held_out.decoder)),
            },
            "prior": {"perplexity": quantiles(prior.ideal.perplexity)},
            "sharpness": {name: sharpness(images) for name, images in pictures.items()},
            "spectrum": {"frequency": spectra["data"].frequency.tolist()}
            | {name: spectrum.power.tolist() for name, spectrum in spectra.items()},
        }

    def _draw(self, subject: Subject, x: Tensor, held_out: Seen, prior: Seen, n_train: int) -> None:
        means = f"μ* = E_q[x | z] blends {n_train} training images by q(z | x), above how many it blends (perplexity)"
        for name, title, rows, (decoder, best) in (
            ("blur", f"blur at z ~ q(z | x): {means}", [("data", x)], held_out),
            ("blur_prior", f"blur at z ~ p(z): {means}", [], prior),
        ):
            few = spread(len(decoder), self.shown)
            # the map of variances has shades of its own, from 0 to its highest
            variance, (low, high) = best.variance[few], shades(subject.run.module.units, x)
            white = variance.max()
            rows = [(label, images[few]) for label, images in [*rows, ("decoder mean", decoder), ("μ*", best.mean)]]
            rows.append((f"Var(x | z), white is {white:.2g}", low + (high - low) * variance / white.clamp_min(1e-30)))
            words = [f"{p:.3g}" if p < 1000 else f"{p:.0f}" for p in best.perplexity[few].tolist()]
            subject.write(name, Grid(title, rows, words), x)


def seen(hierarchy: Hierarchy, train: Tensor, passes: list[Terms], max_rows: int) -> Seen:
    """Both means at the z of some passes."""
    z = [torch.cat([terms.latents[l].z for terms in passes]) for l in range(hierarchy.depth)]
    return Seen(torch.cat([terms.px.mean for terms in passes]), ideal(hierarchy, train, z, max_rows))


def spread(n: int, most: int) -> Tensor:
    """Rows of at most `most` of n images, evenly spaced."""
    return torch.linspace(0, n - 1, min(n, most)).long()


def squared(a: Tensor, b: Tensor) -> Tensor:
    """‖a - b‖² of each pair of images, [N], float64."""
    return (a.double() - b.double()).square().flatten(1).sum(1)


def quantiles(values: Tensor) -> dict[str, float]:
    """The median, and what a tenth of the values lie below and above."""
    low, median, high = values.quantile(values.new_tensor([0.1, 0.5, 0.9])).tolist()
    return {"median": median, "low": low, "high": high}
