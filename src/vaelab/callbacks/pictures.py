"""Pictures while training, in images/ and in every logger that shows pictures."""

from pathlib import Path

import pytorch_lightning as pl

from vaelab.callbacks.ema import averaged
from vaelab.callbacks.media import show
from vaelab.config.types import Count, PositiveInt
from vaelab.data.image_data import ImageData
from vaelab.errors import ConfigError
from vaelab.pictures import Picture, draw_all, refuse_unfit
from vaelab.training.modules import HVAE


class Pictures(pl.Callback):
    """Each of `kinds` from `images` images of the validation split, every n epochs (0: only at the end) and at the end.

    Files are named by the epoch; the ones of the end have no number. Raises ConfigError before the first step for a
    picture that does not fit the model.
    """

    def __init__(self, *, every_n_epochs: Count, images: PositiveInt, kinds: dict[str, Picture]) -> None:
        self.every_n_epochs, self.images, self.kinds = every_n_epochs, images, kinds

    def on_fit_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        data = trainer.datamodule  # type: ignore[attr-defined]
        if isinstance(module, HVAE) and isinstance(data, ImageData):
            images = len(data.spread("val", self.images))
            refuse_unfit(self.kinds, module.hierarchy.z_dims, images, "callbacks.pictures.kinds")

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        epoch = trainer.current_epoch + 1
        if self.every_n_epochs and epoch % self.every_n_epochs == 0 and epoch != trainer.max_epochs:
            self._draw(trainer, module, f"_epoch{epoch:04d}")

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._draw(trainer, module, "")

    def _draw(self, trainer: pl.Trainer, module: pl.LightningModule, suffix: str) -> None:
        data = trainer.datamodule  # type: ignore[attr-defined]
        if not trainer.is_global_zero or not isinstance(data, ImageData):
            return
        assert isinstance(module, HVAE)
        folder = Path(trainer.default_root_dir) / "images"
        try:
            with averaged(trainer, module):
                paths = draw_all(module, data, self.kinds, "val", self.images, folder, suffix)
        except ConfigError as error:
            # a family of distributions without a rule for what was asked: no reason to lose what was trained
            print(f"no pictures: {error}", flush=True)
            return
        for kind, path in paths.items():
            show(trainer, f"images/{kind}", path)
