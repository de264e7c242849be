"""The public classes: a hierarchy joined to an objective, an optimiser and its figures."""

import math
from functools import partial
from typing import Any

import pytorch_lightning as pl
from torch import Tensor, nn
from torch.nn.utils import clip_grad_value_, clip_grads_with_norm_, get_total_norm
from torch.optim.lr_scheduler import LambdaLR

from vaelab.metrics import Figures
from vaelab.model import Hierarchy, Terms
from vaelab.objective import Objective
from vaelab.posterior import has_means
from vaelab.training.foreign import refuse_foreign
from vaelab.training.guard import Guard, pulse
from vaelab.training.optimizer import Optimizer
from vaelab.training.together import everyone

# the figures are already those of all processes: Lightning needs to send them nowhere
LOCAL: Any = {"logger": False, "sync_dist": False, "rank_zero_only": False}


class HVAE(pl.LightningModule):
    """A hierarchical VAE as a Lightning module. It holds no probability: that is the hierarchy's.

    A batch is a tensor x [B, C, H, W] or a tuple that starts with one. `units` are x's (`vaelab.data.units`); they
    say whether bits per dimension exist.
    """

    def __init__(self, hierarchy: Hierarchy, objective: Objective, optimizer: Optimizer, units: str = "real") -> None:
        super().__init__()
        self.hierarchy, self.objective, self.optimizer, self.units = hierarchy, objective, optimizer, units
        # active units need two draws an image, to take off the noise of the layers between and of a q without a mean
        known = hierarchy.depth == 1 and has_means(hierarchy.encoder)
        self.eval_draws = max(1 if known else 2, objective.samples or 1)
        skip_norm: float | None = getattr(optimizer, "skip_norm", None)  # a script that never trains has no optimiser
        self.guard = Guard(skip_norm)
        self._some: list[nn.Parameter] = []
        facts = (hierarchy.encoder.aligned, units, math.prod(hierarchy.likelihood.x_shape))
        self.train_figures = Figures(*facts)
        self.val_figures = Figures(*facts, hierarchy.z_dims, self.eval_draws)
        self.test_figures = Figures(*facts, hierarchy.z_dims, self.eval_draws)

    def forward(self, x: Tensor, samples: int | None = None) -> Terms:
        return self.hierarchy(x, samples)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        terms = self.hierarchy(_x(batch), self.objective.samples)
        self.objective.observe(terms)
        objective = self.objective(terms, self.global_step)
        loss = -objective.mean()
        # a step that will be skipped for want of a number is not counted among the figures either
        if self.guard.sees(loss):
            self.train_figures.update(terms, objective)
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self._evaluate(batch, self.val_figures)

    def test_step(self, batch: Any, batch_idx: int) -> None:
        self._evaluate(batch, self.test_figures)

    def _evaluate(self, batch: Any, figures: Figures) -> None:
        terms = self.hierarchy(_x(batch), samples=self.eval_draws)
        figures.update(terms, self.objective(terms, self.global_step))

    def on_validation_epoch_start(self) -> None:
        self.val_figures.reset()

    def on_test_epoch_start(self) -> None:
        self.test_figures.reset()

    def on_validation_epoch_end(self) -> None:
        # for callbacks that watch a figure, and for plain Lightning scripts; the record is callbacks.History
        self.log_dict({f"val/{k}": v for k, v in self.val_figures.compute().items()}, **LOCAL)

    def on_test_epoch_end(self) -> None:
        self.log_dict({f"test/{k}": v for k, v in self.test_figures.compute().items()}, **LOCAL)

    def configure_optimizers(self) -> Any:
        # in fp16 a fused optimiser would take the loss scale off by itself, after the clipping
        fused = self._trainer is None or self.trainer.precision != "16-mixed"
        optimizer = self.optimizer.make(self.parameters(), fused)
        if not self.optimizer.scheduled:
            return optimizer
        total = int(self.trainer.estimated_stepping_batches) if self.optimizer.cosine_decay else 0
        schedule = LambdaLR(optimizer, partial(self.optimizer.factor, total_steps=total))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def configure_gradient_clipping(
        self,
        optimizer: Any,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        # not Lightning's own clipping, which refuses fused optimisers in mixed precision: gradients are unscaled here
        value = self.optimizer.clip_norm if gradient_clip_val is None else gradient_clip_val
        if not value and not self.guard.skip_norm:
            # to walk through the modules each time would cost more than what is done here
            self._some = self._some or [p for p in self.parameters() if p.ndim == 1] or list(self.parameters())
            self.guard(self.parameters(), pulse(self._some))
            return
        parameters = list(self.parameters())
        norm = get_total_norm(p.grad for p in parameters if p.grad is not None)
        if self.guard(parameters, norm):
            return
        if value and gradient_clip_algorithm == "value":
            clip_grad_value_(parameters, value)
        elif value:
            clip_grads_with_norm_(parameters, value, norm)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        # each process has its own, and only the first of them writes
        of_each = everyone({"train": self.train_figures.split.so_far(), "guard": self.guard.state_dict()})
        checkpoint["so_far"] = of_each[0] if len(of_each) == 1 else of_each
        checkpoint["processes"] = len(of_each)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        own, fits = self.state_dict(), self._trainer is not None and self.trainer.state.fn == "fit"
        adopt(checkpoint, own)
        refuse_foreign(checkpoint, own, self.trainer.ckpt_path if fits else "the checkpoint", training=fits)
        so_far = checkpoint.get("so_far")
        if isinstance(so_far, list):
            so_far = so_far[self.trainer.global_rank]
        if so_far is not None:
            self.train_figures.split.go_on(so_far["train"])
            if so_far["guard"] is not None:
                self.guard.load_state_dict(so_far["guard"])

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


def adopt(checkpoint: dict[str, Any], own: dict[str, Any]) -> None:
    """Let a checkpoint fit a run that goes on with another objective, whose memory is in the state of the module."""
    for name in ("state_dict", "current_model_state"):
        if name in checkpoint:
            kept = {k: v for k, v in checkpoint[name].items() if not k.startswith("objective.") or k in own}
            checkpoint[name] = {k: v for k, v in own.items() if k.startswith("objective.")} | kept


def _x(batch: Any) -> Tensor:
    return batch[0] if isinstance(batch, tuple | list) else batch
