"""Rules between the layers of z, their posteriors and the prior over the top one. See `vaelab.config.rules`."""

from collections.abc import Iterator

from vaelab.config.composed import Composed

_NOT_DIAGONAL = (
    "vaelab.posterior.full_covariance.full_covariance",
    "vaelab.posterior.low_rank.low_rank",
    "vaelab.posterior.flow.flow",
)
_OF_DIAGONALS = ("vaelab.encoder.merge.PrecisionWeighted", "vaelab.encoder.merge.Residual")


def a_prior_of_posteriors_needs_one(run: Composed) -> Iterator[str]:
    """The VampPrior averages q(z_L | x), which bottom-up inference of several layers does not have."""
    vamp = run.target("prior") == "vaelab.prior.vampprior.VampPrior"
    if vamp and run.target("encoder") == "vaelab.encoder.bottom_up.BottomUp" and len(run.z_dims) > 1:
        yield (
            f"prior={run.name('prior')} is made of q(z{len(run.z_dims)} | x), which encoder={run.name('encoder')} has "
            "only through draws of the layers below. Use encoder=top_down, or model=vae."
        )


def layers_exist(run: Composed) -> Iterator[str]:
    """`posterior.layers` names layers that the model has."""
    layers, depth = run.get("posterior.layers"), run.depth
    if isinstance(layers, list) and depth and any(type(i) is int and i > depth for i in layers):
        listed = f"model.z_dims={run.z_dims}" if run.z_dims else "by model.stages"
        yield f"posterior.layers={layers}: the model has layers 1 to {depth} ({listed})"


def merges_meet_posteriors(run: Composed) -> Iterator[str]:
    """Merges that reckon with means and scales want diagonal Gaussians below the top."""
    if run.target("posterior") not in _NOT_DIAGONAL or run.target("encoder") != "vaelab.encoder.top_down.TopDown":
        return
    if run.target("encoder.merge") not in _OF_DIAGONALS:
        return
    layers, below = run.get("posterior.layers"), list(range(1, len(run.z_dims)))
    met = below if layers is None else [i for i in below if isinstance(layers, list) and i in layers]
    if met:
        merge = run.choices.get("encoder/merge") or run.name("encoder.merge")
        yield (
            f"encoder/merge={merge} joins diagonal Gaussians, but "
            f"posterior={run.name('posterior')} is used on {', '.join(f'z{i}' for i in met)}. Use "
            f"encoder/merge=concatenate, or posterior.layers=[{len(run.z_dims)}] to have it on the top layer alone."
        )


LATENT_RULES = [a_prior_of_posteriors_needs_one, layers_exist, merges_meet_posteriors]
