"""Rules between settings. Each is a function of the whole config that yields what is wrong, in words."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from vaelab.config.composed import Composed
from vaelab.config.latent_rules import LATENT_RULES
from vaelab.config.max_time import seconds_of
from vaelab.config.names import stays
from vaelab.config.source import PACKAGE
from vaelab.data.units import BYTES, Transform, choose
from vaelab.errors import ConfigError


def one_layer(run: Composed) -> Iterator[str]:
    """A VAE is the hierarchy of one layer."""
    if run.target("model.module").endswith(".VAE") and run.depth > 1:
        layers = f"z_dims={run.z_dims}" if run.z_dims else f"{run.depth} layers of stages"
        yield f"model={run.name('model')} has one latent layer; use model=hvae for {layers}"


# what an objective does to the KL of each layer, so that it needs one in each
_ON_EACH_KL = {
    "vaelab.objective.free_bits.FreeBits": "puts a floor under",
    "vaelab.objective.kl_balancing.KlBalancing": "weighs",
}
_OF_ONE_LAYER = ("vaelab.objective.dreg.Dreg", "vaelab.objective.tcvae.TcVae")


def a_floor_needs_kls(run: Composed) -> Iterator[str]:
    """A floor under each layer's KL, or a weight of each, needs one; bottom-up inference has a KL at the top alone."""
    does = _ON_EACH_KL.get(run.target("objective"))
    if does and run.target("encoder") == "vaelab.encoder.bottom_up.BottomUp" and len(run.z_dims) > 1:
        yield (
            f"objective={run.name('objective')} {does} the KL of every layer, but with "
            f"encoder={run.name('encoder')} the terms below the top layer are log-ratios and no KLs. "
            "Use encoder=top_down, or objective=elbo."
        )


def pieces_of_one_gaussian_layer(run: Composed) -> Iterator[str]:
    """Some objectives, and aggressive training of the encoder, are made for one layer with a diagonal Gaussian q."""
    callbacks = run.get("callbacks")
    trained = [
        f"callbacks.{name}"
        for name in (callbacks if isinstance(callbacks, Mapping) else ())
        if run.target(f"callbacks.{name}") == "vaelab.callbacks.aggressive.Aggressive"
    ]
    piece = f"objective={run.name('objective')}" if run.target("objective") in _OF_ONE_LAYER else "".join(trained[:1])
    if not piece:
        return
    otherwise = "callbacks=default" if piece.startswith("callbacks") else "objective=elbo"
    if run.depth > 1:
        yield (
            f"{piece} is for one latent layer, and model={run.name('model')} has several. "
            f"Use model=vae, or {otherwise}."
        )
    elif run.target("posterior").startswith("vaelab.posterior.") and not run.target("posterior").endswith(".diagonal"):
        yield (
            f"{piece} needs a diagonal Gaussian q(z | x), not posterior={run.name('posterior')}. "
            f"Use posterior=diagonal, or {otherwise}."
        )


def balancing_takes_a_warm_up(run: Composed) -> Iterator[str]:
    """KL balancing acts until its schedule has settled, which a constant has from the start."""
    balances = run.target("objective") == "vaelab.objective.kl_balancing.KlBalancing"
    if balances and run.target("objective.schedule") == "vaelab.objective.schedule.Constant":
        yield (
            f"objective={run.name('objective')} balances the layers during a warm-up, and a constant schedule has "
            "none. Use objective/schedule=linear, or objective=beta."
        )


def units_meet(run: Composed) -> Iterator[str]:
    """The data can give units that the likelihood takes. Known only of sources that say what they hold."""
    takes, transform = run.constant("likelihood", "takes"), run.get("data.transform")
    if takes and run.constant("data", "holds") == "bytes" and transform in get_args(Transform):
        try:
            choose(transform, takes, BYTES, run.name("data"), run.name("likelihood"))
        except ConfigError as error:
            yield str(error)


def layers_are_listed(run: Composed) -> Iterator[str]:
    """A model lists its layers as vectors or as stages of maps; encoder and decoder read one or the other."""
    if run.get("model") is None:
        return
    listed = [key for key in ("z_dims", "stages") if run.get(f"model.{key}") is not None]
    if len(listed) != 1:
        found = "both" if listed else "neither"
        yield f"model must have either z_dims or stages, not {found}"
        return
    for side in ("encoder", "decoder"):
        wanted = run.constant(side, "layout")
        if wanted and wanted != listed[0]:
            yield (
                f"{side}={run.name(side)} reads model.{wanted}, but model={run.name('model')} has {listed[0]}. "
                "Deep goes with deep: model=deep encoder=deep decoder=deep; z_dims is read by all the others."
            )


def max_time_is_a_time(run: Composed) -> Iterator[str]:
    """Lightning's own way of writing it, read by us."""
    try:
        seconds_of(run.get("trainer.max_time"))
    except ValueError as error:
        yield f"trainer.max_time {error}"
        return
    callbacks = run.get("callbacks")
    names = callbacks if isinstance(callbacks, Mapping) else ()
    interrupts = "vaelab.callbacks.interrupt.Interrupt"
    if run.get("trainer.max_time") and interrupts not in {run.target(f"callbacks.{name}") for name in names}:
        yield "trainer.max_time needs callbacks.interrupt, which saves and leaves when it is over"


def logs_stay_in_the_folder(run: Composed) -> Iterator[str]:
    """Lightning's loggers make paths of their names."""
    loggers = run.get("logger")
    for logger in loggers if isinstance(loggers, Mapping) else ():
        for key in ("name", "version", "sub_dir"):
            value = run.get(f"logger.{logger}.{key}")
            lightning = run.target(f"logger.{logger}").startswith("pytorch_lightning.")
            if lightning and isinstance(value, str) and not stays(value):
                yield f"logger.{logger}.{key}={value!r} leads out of the run folder: use no .., and no / in front"


RULES: list[Callable[[Composed], Iterator[str]]] = [
    one_layer,
    layers_are_listed,
    a_floor_needs_kls,
    pieces_of_one_gaussian_layer,
    balancing_takes_a_warm_up,
    units_meet,
    max_time_is_a_time,
    logs_stay_in_the_folder,
    *LATENT_RULES,
]


def broken_rules(cfg: Mapping[str, Any], choices: Mapping[str, Any], root: Path = PACKAGE) -> Iterator[str]:
    """Every rule that a config breaks, in words."""
    run = Composed(cfg, choices, root)
    for rule in RULES:
        yield from rule(run)
