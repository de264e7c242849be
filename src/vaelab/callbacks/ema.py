"""An exponential moving average of the weights, which is what is validated and kept as the best."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import WeightAveraging
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from vaelab.config.types import Decay


class Ema(WeightAveraging):
    """w̄ ← decay · w̄ + (1 - decay) · w after every step, of all weights at once; buffers are averaged too.

    Validation figures, best.ckpt, the pictures and the model after training are w̄'s; last.ckpt holds both. Lightning's
    own callback, with torch's fused average. A step that was skipped averages unchanged weights.
    """

    def __init__(self, *, decay: Decay) -> None:
        super().__init__(multi_avg_fn=get_ema_multi_avg_fn(decay))
        self.decay = decay

    @contextmanager
    def applied(self, module: pl.LightningModule) -> Iterator[None]:
        """The average in the place of the weights."""
        self._swap_models(module)
        try:
            yield
        finally:
            self._swap_models(module)


@contextmanager
def averaged(trainer: pl.Trainer, module: pl.LightningModule) -> Iterator[None]:
    """The weights that were validated: the average where one is kept, else the weights as they are."""
    ema = _ema(trainer)
    if ema is None:
        yield
    else:
        with ema.applied(module):
            yield


def trained(trainer: pl.Trainer) -> list[nn.Module]:
    """What training changes: the module, and the average where one is kept."""
    ema = _ema(trainer)
    average = None if ema is None else ema._average_model
    return [trainer.lightning_module, *([] if average is None else [average])]


def _ema(trainer: pl.Trainer) -> Ema | None:
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    return next((c for c in callbacks if isinstance(c, Ema) and c._average_model is not None), None)
