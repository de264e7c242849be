"""The public classes: a hierarchy joined to an objective, an optimiser and its figures."""

from functools import partial
from typing import Any

import pytorch_lightning as pl
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from vaelab.metrics import ActiveUnits, ElboSplit
from vaelab.model import Hierarchy, Terms
from vaelab.objective import Objective
from vaelab.training.optimizer import Optimizer


class HVAE(pl.LightningModule):
    """A hierarchical VAE as a Lightning module. It holds no probability: that is the hierarchy's.

    A batch is a tensor x [B, C, H, W] or a tuple that starts with one. `units` are x's (`vaelab.data.units`); they
    say whether bits per dimension exist. `figures(stage)` are the means since the last call for it.
    """

    def __init__(self, hierarchy: Hierarchy, objective: Objective, optimizer: Optimizer, units: str = "real") -> None:
        super().__init__()
        self.hierarchy, self.objective, self.optimizer, self.units = hierarchy, objective, optimizer, units
        n_dims = 1
        for side in hierarchy.likelihood.x_shape:
            n_dims *= side
        # not plain dicts: Lightning has to move the sums to the device. "train" itself is taken, it is a method
        self.splits = nn.ModuleDict(
            {f"{stage}_split": ElboSplit(hierarchy.depth, units, n_dims) for stage in ("train", "val", "test")}
        )
        self.alive = nn.ModuleDict({f"{stage}_units": ActiveUnits(hierarchy.z_dims) for stage in ("val", "test")})

    def forward(self, x: Tensor, samples: int | None = None) -> Terms:
        return self.hierarchy(x, samples)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        terms = self.hierarchy(_x(batch))
        objective = self.objective(terms, self.global_step)
        self.splits["train_split"].update(terms, objective)
        return -objective.mean()

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self._evaluate(batch, "val")

    def test_step(self, batch: Any, batch_idx: int) -> None:
        self._evaluate(batch, "test")

    def _evaluate(self, batch: Any, stage: str) -> None:
        # active units of a hierarchy need two draws an image, to take off the noise of the layers between
        terms = self.hierarchy(_x(batch), samples=None if self.hierarchy.depth == 1 else 2)
        self.splits[f"{stage}_split"].update(terms, self.objective(terms, self.global_step))
        self.alive[f"{stage}_units"].update(terms)

    def on_validation_epoch_end(self) -> None:
        # for callbacks that watch a figure, and for plain Lightning scripts; the record is callbacks.History
        self.log_dict({f"val/{k}": v for k, v in self.figures("val", reset=False).items()}, logger=False)

    def on_test_epoch_end(self) -> None:
        self.log_dict({f"test/{k}": v for k, v in self.figures("test", reset=False).items()})

    def on_validation_epoch_start(self) -> None:
        self._reset("val")

    def on_test_epoch_start(self) -> None:
        self._reset("test")

    def figures(self, stage: str, reset: bool = True) -> dict[str, float]:
        """Means over all images since the last reset, over all ranks. Empty when there were none."""
        split = self.splits[f"{stage}_split"]
        if split.update_count == 0:
            return {}
        figures = split.compute()
        if f"{stage}_units" in self.alive:
            figures |= self.alive[f"{stage}_units"].compute()
        if reset:
            self._reset(stage)
        return figures

    def _reset(self, stage: str) -> None:
        self.splits[f"{stage}_split"].reset()
        if f"{stage}_units" in self.alive:
            self.alive[f"{stage}_units"].reset()

    def configure_optimizers(self) -> Any:
        optimizer = self.optimizer.make(self.parameters())
        if not self.optimizer.scheduled:
            return optimizer
        total = int(self.trainer.estimated_stepping_batches) if self.optimizer.cosine_decay else 0
        schedule = LambdaLR(optimizer, partial(self.optimizer.factor, total_steps=total))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        value = self.optimizer.clip_norm if gradient_clip_val is None else gradient_clip_val
        self.clip_gradients(optimizer, value, gradient_clip_algorithm)

    def __setattr__(self, name: str, value: Any) -> None:
        # Lightning sets this name some 40 times a step; nn.Module's own __setattr__ makes that 80 µs
        if name == "_current_fx_name":
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)


class VAE(HVAE):
    """An HVAE of one latent layer. Seed section 1. Raises ValueError for a deeper hierarchy."""

    def __init__(self, hierarchy: Hierarchy, objective: Objective, optimizer: Optimizer, units: str = "real") -> None:
        if hierarchy.depth != 1:
            raise ValueError(f"a VAE has one latent layer, this hierarchy has {hierarchy.depth}: use HVAE")
        super().__init__(hierarchy, objective, optimizer, units)


def _x(batch: Any) -> Tensor:
    return batch[0] if isinstance(batch, tuple | list) else batch
