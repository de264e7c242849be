"""A picture's file, in every logger that shows pictures."""

from functools import partial
from pathlib import Path

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger, TensorBoardLogger, WandbLogger

from vaelab.logger.mirrors import each_logger


def show(trainer: pl.Trainer, name: str, path: Path) -> None:
    """`name` is what the logger calls it, such as images/samples. For rank zero alone."""
    each_logger(trainer, partial(_show, name, path, trainer.global_step))


def _show(name: str, path: Path, step: int, logger: Logger) -> None:
    if isinstance(logger, WandbLogger):
        logger.log_image(name, [str(path)], step=step)
    elif isinstance(logger, TensorBoardLogger):
        import matplotlib.image

        picture = matplotlib.image.imread(path)[..., :3]
        logger.experiment.add_image(name, picture, step, dataformats="HWC")
