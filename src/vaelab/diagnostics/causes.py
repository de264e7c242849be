"""Why a posterior collapsed: what speaks for each known cause, from the plain content of diagnosis.json.

A score goes from 0 (nothing speaks for it) to 1 (nothing else is needed). What was not measured counts for nothing.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

# steps before which nothing can be said of a posterior
EARLY = 200


class Cause(NamedTuple):
    """A cause of collapse, how much speaks for it, the evidence, the overrides to try, and else what, in words."""

    cause: str
    score: float
    evidence: str
    overrides: tuple[str, ...]
    otherwise: str = ""

    @property
    def to_try(self) -> str:
        return ", or ".join(filter(None, [" ".join(self.overrides), self.otherwise]))


def causes(diagnosis: dict[str, Any], layers: list[dict[str, Any]]) -> list[Cause]:
    """All that something speaks for, the likeliest first. `layers` are the verdict's, with their state."""
    found = [
        *_untrained(diagnosis),
        *_noise(diagnosis),
        *_weight(diagnosis),
        *_lagging(diagnosis),
        *_decoder(diagnosis),
    ]
    found += [*_others(layers, diagnosis), *_early(diagnosis)]
    return sorted((cause for cause in found if cause.score > 0.05), key=lambda cause: -cause.score)


def _untrained(diagnosis: dict[str, Any]) -> Iterator[Cause]:
    steps = diagnosis.get("step", EARLY)
    if steps < EARLY:
        evidence = f"{steps} steps were taken: the decoder has hardly begun to read z"
        yield Cause("too early", 0.9, evidence, (), "a higher trainer.max_epochs")


def _noise(diagnosis: dict[str, Any]) -> Iterator[Cause]:
    """σ² against the data's spectrum: in a linear VAE a unit collapses at the optimum when σ² exceeds its eigenvalue
    (Lucas et al. 2019, section 4.3)."""
    spectrum = part(diagnosis, "spectrum")
    if not spectrum or spectrum["sigma2"] is None or spectrum.get("learned") or not spectrum["eigenvalues"]:
        return
    sigma2, largest, above = spectrum["sigma2"], spectrum["eigenvalues"][0], spectrum["above"]
    if above == 0:
        yield Cause(
            "noise",
            1.0,
            f"σ² = {sigma2:.3g} exceeds every eigenvalue of the data's covariance (the largest is {largest:.3g}): "
            "ignoring z is the optimum, not a failure of training",
            (f"likelihood.variance={_round(0.1 * largest)}",),
        )
    elif above < spectrum["units"]:
        share = 1 - above / spectrum["units"]
        yield Cause(
            "noise",
            0.3 * share,
            f"σ² = {sigma2:.3g} leaves {above} directions of the data above the noise for {spectrum['units']} units: "
            "the others have nothing to carry",
            (f"likelihood.variance={_round(0.1 * sigma2)}",),
        )


def _weight(diagnosis: dict[str, Any]) -> Iterator[Cause]:
    weight = diagnosis.get("model", {}).get("kl_weight", 1.0)
    if weight <= 1.05:
        return
    spectrum, beyond = part(diagnosis, "spectrum"), ""
    score = min(0.95, 0.4 + 0.3 * math.log2(weight))
    if spectrum and spectrum["sigma2"] is not None and spectrum["above"] > 0:
        # reconstruction / β is a Gaussian of variance β σ²
        left = sum(value > weight * spectrum["sigma2"] for value in spectrum["eigenvalues"])
        as_if = weight * spectrum["sigma2"]
        beyond = f"; it works like σ² = {as_if:.3g}, above which {left} directions of the data lie"
        score = 0.95 if left == 0 else score
    yield Cause(
        "kl weight",
        score,
        f"a nat of KL costs {weight:.3g} nats of reconstruction{beyond}",
        (diagnosis["model"].get("lower_weight", "objective=elbo"),),
    )


def _lagging(diagnosis: dict[str, Any]) -> Iterator[Cause]:
    """q refined for each image alone: if its KL returns, the decoder does use z and the encoder did not follow
    (He et al. 2019, section 3)."""
    refined = part(diagnosis, "lagging")
    if not refined:
        return
    before, after = refined["kl"]["value"], refined["kl_refined"]["value"]
    gain = refined["gain"]["value"]
    if after - before < max(0.5, 0.5 * before) or gain < 0.1:
        return
    single = len(diagnosis["units"]["layers"]) == 1
    yield Cause(
        "lagging inference",
        min(0.9, 1 - max(before, 0.0) / after),
        f"with q refined for each image alone the KL rises from {before:.2f} to {after:.2f} nats and the objective by "
        f"{gain:.2f}: the decoder uses z, the encoder lags behind it",
        ("callbacks=aggressive",) if single else ("objective=beta", "objective/schedule=cyclical"),
    )


def _decoder(diagnosis: dict[str, Any]) -> Iterator[Cause]:
    """A decoder that models x without z (seed section 2.3, the second limit)."""
    if not diagnosis.get("model", {}).get("autoregressive"):
        return
    skip, told = part(diagnosis, "skip_bound"), ""
    if skip:
        loss = skip["bounds"][0]["elbo"]["value"] - skip["bounds"][-1]["elbo"]["value"]
        told = f"; with every z from the prior the ELBO falls by {loss:.2f} nats only"
    yield Cause(
        "strong decoder",
        0.85,
        f"p(x | z) sees the pixels before each pixel and can model x without z{told}",
        ("likelihood.kernel=3", "likelihood.layers=1"),
        "objective=free_bits objective.floor_nats=4",
    )


def _others(layers: list[dict[str, Any]], diagnosis: dict[str, Any]) -> Iterator[Cause]:
    """Some layers alone can model x: nothing in the ELBO asks the others for more (Zhao et al. 2017, section 3)."""
    alive = [layer for layer in layers if layer["state"] == "alive"]
    quiet = [layer for layer in layers if layer["state"] != "alive"]
    if not alive or not quiet:
        return
    upper = layers.index(quiet[0]) > layers.index(alive[-1])
    bottom_up = (part(diagnosis, "surgery") or {}).get("form") == "bottom_up"
    warm_up = ("objective=beta", "objective/schedule=linear")
    if upper and bottom_up:
        to_try, otherwise = ["encoder=top_down"], " ".join(warm_up) + ", or a smaller z1"
    elif upper or bottom_up:
        to_try, otherwise = list(warm_up), "a smaller z1" if upper else "fewer layers"
    else:
        to_try, otherwise = ["objective=kl_balancing"], "fewer layers"
    carry = f"{names(alive)} {'carries' if len(alive) == 1 else 'carry'} what there is to say about x"
    yield Cause("other layers suffice", 0.6, f"{carry}, and nothing is left for {names(quiet)}", (*to_try,), otherwise)


def _early(diagnosis: dict[str, Any]) -> Iterator[Cause]:
    """The kl pressed before the decoder had learnt to read z (Bowman et al. 2016, section 3.1)."""
    model = diagnosis.get("model", {})
    if model.get("kl_weight_at_start", 0.0) < 0.9 or model.get("kl_weight", 1.0) > 1.05:
        return
    yield Cause(
        "no warm-up",
        0.35,
        "the KL had its full weight from the first step, when z was still noise to the decoder",
        ("objective=beta", "objective/schedule=linear", "objective.schedule.warmup_steps=1000"),
    )


def part(diagnosis: dict[str, Any], name: str) -> dict[str, Any] | None:
    """One analysis of a diagnosis; None where it was not made or does not apply."""
    found = diagnosis.get(name)
    return found if found and "skipped" not in found else None


def names(layers: list[dict[str, Any]]) -> str:
    """'z2', 'z1 and z3', or of many '12 layers from z3 to z40'."""
    told = [layer["layer"] for layer in layers]
    if len(told) > 4:
        return f"{len(told)} layers from {told[0]} to {told[-1]}"
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def _round(value: float) -> str:
    return f"{value:.2g}"
