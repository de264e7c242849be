"""The one place that wires: from a config's pieces to a model, its data and a trainer."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor

from vaelab.callbacks.interrupt import Interrupt
from vaelab.callbacks.resumed import Resumed
from vaelab.config.max_time import seconds_of
from vaelab.data.batches import Batch
from vaelab.data.image_data import ImageData
from vaelab.errors import ConfigError, UserError
from vaelab.logger.mirrors import tell
from vaelab.model import Hierarchy
from vaelab.nn import Shape
from vaelab.nn.stage import read_stages
from vaelab.prior.prior import Examples
from vaelab.seeding import noise_key
from vaelab.training.devices import trainer_of
from vaelab.training.launcher import use_own_launcher
from vaelab.training.lean_loop import use_lean_loop
from vaelab.training.modules import HVAE
from vaelab.training.plain import refuse_unplain
from vaelab.training.prepare import OURS, prepare
from vaelab.training.store import Store, verify


@dataclass
class Run:
    """What a config builds. `run.fit()` trains."""

    module: HVAE
    data: ImageData
    trainer: pl.Trainer

    def fit(self, state: Path | None = None) -> None:
        """Train, from a saved state on where one is given. Raises CheckpointError for one that is damaged."""
        if state is None:
            return self.trainer.fit(self.module, datamodule=self.data)
        resumed, callbacks = Resumed(), self.trainer.callbacks  # type: ignore[attr-defined]
        callbacks.append(resumed)
        for logger in self.trainer.loggers:
            if isinstance(logger, TensorBoardLogger) and self.trainer.is_global_zero:
                # what was written after the state is written again
                logger._kwargs["purge_step"] = verify(state)["step"] + 1
        self.trainer.fit(self.module, datamodule=self.data, ckpt_path=state)
        if not resumed.trains:  # nothing was left to train, and Lightning has left out the end of it
            for callback in callbacks:
                callback.on_train_end(self.trainer, self.module)
                callback.teardown(self.trainer, self.module, "fit")
        return None


def build(cfg: Any, folder: str | Path = ".") -> Run:
    """Everything for a training run in `folder`, from a config (`vaelab.compose`, or Hydra's own).

    Raises UserError for pieces that do not fit together.
    """
    pl.seed_everything(cfg["seed"], verbose=False)
    data = build_data(cfg)
    module = build_model(cfg, data)
    prepare(module, cfg["trainer"])
    trainer = build_trainer(cfg, Path(folder))
    # what pieces of one's own put into a checkpoint: told now, and not when a run of hours is saved or resumed
    states = {type(callback).__name__: callback.state_dict() for callback in trainer.callbacks}  # type: ignore[attr-defined]
    refuse_unplain({"callbacks": states, "module": dict(module.hparams), "data": dict(data.hparams)})
    return Run(module, data, trainer)


def build_data(cfg: Any) -> ImageData:
    """The data, settled to the units that the likelihood takes."""
    data = _make(cfg["data"])
    data.give(_make(cfg["likelihood"]).func.takes, _name(cfg["likelihood"]), cfg["seed"])
    return data


def build_model(cfg: Any, data: ImageData) -> HVAE:
    """The module for images such as `data` holds."""
    hierarchy = build_hierarchy(cfg, data.x_shape, partial(_examples, data))
    objective = _make(cfg["objective"])
    if isinstance(objective, partial):  # one that reckons with the whole training set
        objective = objective(n_images=len(data.split("train")))
    return _make(cfg["model"]["module"])(hierarchy, objective, _make(cfg["optimizer"]), data.units)


def build_hierarchy(cfg: Any, x_shape: Shape, examples: Examples) -> Hierarchy:
    """The probabilistic model for images [C, H, W]."""
    model = cfg["model"]
    layers = read_stages(model["stages"], x_shape) if "stages" in model else list(model["z_dims"])
    likelihood = _make(cfg["likelihood"])(x_shape)
    decoder = _make(cfg["decoder"])(layers, likelihood.params_shape)
    states = [decoder.state_shape(l) for l in range(len(decoder.z_dims) - 1)]
    encoder = _make(cfg["encoder"])(layers, x_shape, states, _make(cfg["posterior"]))
    prior = _make(cfg["prior"])(decoder.z_dims[-1], examples)
    return Hierarchy(prior, decoder, likelihood, encoder)


def build_trainer(cfg: Any, folder: Path) -> pl.Trainer:
    """A Lightning trainer that writes into `folder`, with the lean loop where that does the same."""
    loggers = []
    for name, logger in (cfg.get("logger") or {}).items():
        make = _make(logger)
        try:
            # each logger has its own word for the folder; all of them take save_dir
            loggers.append(make(save_dir=str(folder)))
        except ImportError as error:
            tell(f"note: logger={name} is left out, as its package is not installed: {str(error).partition('. ')[0]}")
    callbacks = [_make(callback) for callback in (cfg.get("callbacks") or {}).values()]
    for callback in callbacks:
        if isinstance(callback, Interrupt):
            callback.max_seconds = seconds_of(cfg["trainer"].get("max_time"))
    make = partial(
        _make({key: value for key, value in cfg["trainer"].items() if key not in OURS}),
        default_root_dir=str(folder),
        logger=loggers or False,
        callbacks=callbacks,
        plugins=[Store()],
        use_distributed_sampler=False,
    )
    trainer = trainer_of(make, cfg["trainer"])
    use_lean_loop(trainer)
    use_own_launcher(trainer)
    return trainer


def _examples(data: ImageData, n: int) -> Tensor:
    return data.in_units(Batch(data.spread("train", n), noise_key(data.seed, "examples"))).x


def _make(node: Any) -> Any:
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, UserError):
            raise error.__cause__ from None
        raise ConfigError(
            f"{node.get('_target_')} cannot be made from its settings: {str(error).splitlines()[0]}. A piece that is "
            "given facts by code, such as the shape of x, needs `_partial_: true` in its YAML file."
        ) from error


def _name(node: Any) -> str:
    # the file is named as the choice in the config is
    return str(node["_target_"]).split(".")[-2]
