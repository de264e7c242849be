"""A picture's file, in every logger that shows pictures."""

from pathlib import Path

import pytorch_lightning as pl


def show(trainer: pl.Trainer, name: str, path: Path) -> None:
    """`name` is what the logger calls it, such as images/samples. For rank zero alone."""
    for logger in trainer.loggers:
        if isinstance(logger, pl.loggers.WandbLogger):
            logger.log_image(name, [str(path)], step=trainer.global_step)
        elif isinstance(logger, pl.loggers.TensorBoardLogger):
            import matplotlib.image

            picture = matplotlib.image.imread(path)[..., :3]
            logger.experiment.add_image(name, picture, trainer.global_step, dataformats="HWC")
