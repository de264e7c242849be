"""The collapse monitor: is every layer of z still used, and what is done when one no longer is."""

import math
from functools import partial
from typing import Any, Literal

import pytorch_lightning as pl

from vaelab.callbacks.carried import affordable, carried
from vaelab.callbacks.checkpoints import Checkpoints
from vaelab.callbacks.history import History
from vaelab.callbacks.unit_maps import draw_units
from vaelab.config.types import Fraction, NonNegative, PositiveInt
from vaelab.data.image_data import ImageData
from vaelab.diagnostics.collapse import COLLAPSED, Change, Rule, Seen, Watch, words
from vaelab.errors import ConfigError
from vaelab.logger.mirrors import each_logger
from vaelab.told import typed
from vaelab.training.modules import HVAE


class CollapseMonitor(pl.Callback):
    """Every n epochs and at the last one: val/information/z{i} and val/marginal_kl/z{i}, nats, from ELBO surgery on
    `max_images` of the validation split, and collapse/z{i}: 0 alive, 1 fading, 2 collapsed.

    The states and the other settings are those of `vaelab.diagnostics.collapse`, with the active units and the KLs of
    the whole validation. The nats of a layer are the smaller of its information, where that is known, and its KL, which
    bounds it from above. A change is a line of the log. A collapse is also an alert of wandb, and `on_collapse` says
    what follows: nothing more (`warn`), the end of training (`stop`), or the KL's warm-up anew (`restart_warmup`).
    checkpoints/alive.ckpt has the weights of the last check at which every layer read alive, and is written as
    best.ckpt is; from the first collapse on they are not taken again. Hierarchies of maps and a q that is no diagonal
    Gaussian may have fewer images, so that a check stays cheap: see `affordable`. Without vaelab's data or
    `callbacks.history` it does nothing. Raises ConfigError before the first step for `restart_warmup` with an objective
    that has no warm-up.
    """

    def __init__(
        self,
        *,
        every_n_epochs: PositiveInt,
        max_images: PositiveInt,
        patience: PositiveInt,
        fading_share: Fraction,
        collapsed_nats_per_unit: NonNegative,
        on_collapse: Literal["warn", "stop", "restart_warmup"],
    ) -> None:
        self.every_n_epochs, self.max_images, self.on_collapse = every_n_epochs, max_images, on_collapse
        self.rule = Rule(patience, fading_share, collapsed_nats_per_unit)
        self.watch: Watch | None = None
        self.checked = 0  # epochs of training at the last check
        self.kept: bool = False  # alive.ckpt is there
        self.collapsed = False  # once: alive.ckpt stays as it is
        self.restarted: int | None = None  # the step at which the warm-up began again
        self._restored: dict[str, Any] | None = None

    def on_fit_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if self.on_collapse == "restart_warmup" and isinstance(module, HVAE) and not module.objective.warms_up:
            raise ConfigError(
                "callbacks.collapse.on_collapse=restart_warmup begins the KL's warm-up anew, and this objective has "
                "none. Use objective=beta, or callbacks.collapse.on_collapse=warn."
            )

        steps = trainer.estimated_stepping_batches
        if isinstance(module, HVAE) and math.isfinite(steps) and not module.objective.settled(int(steps)):
            print(
                f"note: the objective's schedule is not at its end after the {int(steps)} steps of this run: "
                "no best.ckpt is chosen, and a layer that never wakes up is told at the end only",
                flush=True,
            )

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        assert isinstance(module, HVAE)
        self.watch = Watch(self.rule, module.hierarchy.depth)
        if self._restored is not None:
            self.watch.load_state_dict(self._restored["layers"])
        if self.restarted is not None:
            module.objective.restart(self.restarted)

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        data, history = trainer.datamodule, _history(trainer)  # type: ignore[attr-defined]
        if trainer.sanity_checking or self.watch is None or not self._due(trainer):
            return
        if not isinstance(data, ImageData) or history is None:
            return
        assert isinstance(module, HVAE)
        self.checked = trainer.current_epoch + 1
        # one process looks, all decide: what it saw is all that they decide by
        images = affordable(trainer, module, data, self.max_images, self.every_n_epochs)
        found = carried(trainer, module, data, images) if trainer.is_global_zero else None
        figures, nats = trainer.strategy.broadcast(found)  # type: ignore[misc]
        seen = []
        aligned, depth = module.hierarchy.encoder.aligned, module.hierarchy.depth
        for i, (units, information) in enumerate(zip(module.hierarchy.z_dims, nats, strict=True), start=1):
            kl = history.latest.get(f"val/kl/z{i}")
            known = [n for n in (information, kl) if n is not None]
            active, follows = history.latest[f"val/active_units/z{i}"], aligned[i - 1] and i < depth
            seen.append(Seen(active, units, min(known, default=None), follows, kl))
        changes = self.watch.check(seen, module.objective.settled(trainer.global_step), _last(trainer))
        states = {f"collapse/z{i}": float(state) for i, state in enumerate(self.watch.states, start=1)}
        history.write(trainer, figures | states)
        self._keep(trainer, module)
        for change in changes:
            self._tell(trainer, module, change, seen[change.layer])
        if gone := [f"z{change.layer + 1}" for change in changes if change.state == COLLAPSED]:
            draw_units(trainer, gone)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if _history(trainer) is not None:
            draw_units(trainer)

    def _due(self, trainer: pl.Trainer) -> bool:
        return trainer.current_epoch + 1 - self.checked >= self.every_n_epochs or _last(trainer)

    def _keep(self, trainer: pl.Trainer, module: HVAE) -> None:
        """alive.ckpt, where it is wanted: not at the end, after which nothing can collapse any more."""
        assert self.watch is not None
        keepers = [callback for callback in trainer.checkpoint_callbacks if isinstance(callback, Checkpoints)]
        if keepers and self.watch.all_alive and not self.collapsed and not _last(trainer):
            keepers[0].keep(trainer, module, "alive.ckpt")
            self.kept = True

    def _tell(self, trainer: pl.Trainer, module: HVAE, change: Change, seen: Seen) -> None:
        """The line of a change; at a collapse also the alert, and what follows."""
        text = f"epoch {trainer.current_epoch + 1}: {words(change, seen)}"
        if change.state == COLLAPSED:
            self.collapsed = True
            text += self._follow(trainer, module)
        if trainer.is_global_zero:
            print(text, flush=True)
            if change.state == COLLAPSED:
                each_logger(trainer, partial(_alert, f"z{change.layer + 1} has collapsed", text))

    def _follow(self, trainer: pl.Trainer, module: HVAE) -> str:
        """Do what `on_collapse` says; the words for it, and where to look."""
        if self.on_collapse == "stop":
            trainer.should_stop = True
        elif self.on_collapse == "restart_warmup" and not _last(trainer):
            self.restarted = trainer.global_step
            module.objective.restart(self.restarted)
        again = "" if _last(trainer) else " The KL's warm-up begins again."
        done = {"warn": "", "stop": " Training stops.", "restart_warmup": again}
        kept = f" Kept: {Checkpoints.folder(trainer) / 'alive.ckpt'};" if self.kept else ""
        return f"{done[self.on_collapse]}{kept} `vaelab diagnose {typed('run', trainer.default_root_dir)}` says why."

    def state_dict(self) -> dict[str, Any]:
        told = {"checked": self.checked, "kept": self.kept, "collapsed": self.collapsed, "restarted": self.restarted}
        return told | ({} if self.watch is None else {"layers": self.watch.state_dict()})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.checked, self.kept = state_dict["checked"], state_dict["kept"]
        self.collapsed, self.restarted = state_dict["collapsed"], state_dict["restarted"]
        self._restored = state_dict if "layers" in state_dict else None


def _alert(title: str, text: str, logger: pl.loggers.Logger) -> None:
    if isinstance(logger, pl.loggers.WandbLogger):
        logger.experiment.alert(title=title, text=text)


def _history(trainer: pl.Trainer) -> History | None:
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    return next((callback for callback in callbacks if isinstance(callback, History)), None)


def _last(trainer: pl.Trainer) -> bool:
    """Whether this is the last validation of a run that goes to its end."""
    steps = trainer.max_steps
    return trainer.current_epoch + 1 == trainer.max_epochs or (steps > 0 and trainer.global_step >= steps)
