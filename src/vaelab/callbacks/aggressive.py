"""Aggressive training of the encoder, against a posterior that lags behind the model."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from vaelab.callbacks.ema import averaged
from vaelab.callbacks.history import History
from vaelab.config.types import Count, PositiveInt
from vaelab.data.batches import Batch, EvalBatches, TrainBatches
from vaelab.data.image_data import ImageData
from vaelab.diagnostics.total_correlation import mutual_information, posteriors
from vaelab.errors import ConfigError
from vaelab.seeding import noise_key, seed_noise
from vaelab.training.modules import HVAE

# inner steps whose mean objective is compared with that of as many before, as in the authors' code
WINDOW = 10


class Aggressive(pl.Callback):
    """Before each step the encoder alone is trained; the step itself then trains all the rest (He et al. 2019, alg. 1).

    The inner steps have an optimiser of their own, of the run's kind and learning rate, and fresh random training
    batches; they end when the objective, a mean over `WINDOW` of them, no longer rises, or after `max_inner_steps`.
    The phase ends for good when I_q(x; z) of the whole validation split, in nats, is no higher than at the validation
    before, or after `max_epochs`; then training goes on as without this callback, as it does from the start at 0.
    (Near log N, its cap for N images, I hardly falls: there `max_epochs` ends the phase.) Inner steps leave no trace in
    the step's random numbers, the figures or an objective's memory; batch norm's running means do see their batches.

    Raises ConfigError for several latent layers or processes, accumulated gradients, foreign data,
    and a q that is no diagonal Gaussian.
    """

    def __init__(self, *, max_inner_steps: PositiveInt, max_epochs: Count) -> None:
        self.max_inner_steps, self.max_epochs = max_inner_steps, max_epochs
        self.aggressive = max_epochs > 0
        self.best: float | None = None
        self.optimizer: torch.optim.Optimizer | None = None
        self._restored: dict[str, Any] | None = None

    def on_fit_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        assert isinstance(module, HVAE)
        if module.hierarchy.depth > 1:
            raise ConfigError("callbacks.aggressive trains the encoder of one latent layer; use model=vae.")
        if trainer.accumulate_grad_batches > 1:
            raise ConfigError("callbacks.aggressive trains between steps of one batch: use accumulate_grad_batches=1.")
        if trainer.world_size > 1:
            raise ConfigError("callbacks.aggressive runs in one process: its inner steps are not shared among several.")

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        assert isinstance(module, HVAE)
        if not isinstance(trainer.train_dataloader, TrainBatches):
            raise ConfigError("callbacks.aggressive draws its own batches and needs vaelab's data for it.")
        self.optimizer = module.optimizer.make(module.hierarchy.encoder.parameters())
        if self._restored is not None:
            self.optimizer.load_state_dict(self._restored)
            module.optimizer.retune(self.optimizer)

    def on_train_epoch_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self.aggressive = self.aggressive and trainer.current_epoch < self.max_epochs

    def on_train_batch_start(self, trainer: pl.Trainer, module: pl.LightningModule, batch: Any, batch_idx: int) -> None:
        if not self.aggressive:
            return
        assert isinstance(module, HVAE)
        before, values = -float("inf"), list[Tensor]()
        with _own_noise(module):
            for i in range(self.max_inner_steps):
                values.append(self._inner_step(trainer, module, (trainer.current_epoch, batch_idx, i)))
                if len(values) == WINDOW:
                    now = torch.stack(values).mean().item()
                    if not now > before:
                        break
                    before, values = now, []

    def _inner_step(self, trainer: pl.Trainer, module: HVAE, where: tuple[int, ...]) -> Tensor:
        """One step of the encoder alone; the objective's mean over its batch."""
        loader = trainer.train_dataloader
        assert self.optimizer is not None and isinstance(loader, TrainBatches)
        key = noise_key(loader.seed, "aggressive", *where)
        seed_noise(key)
        rows = torch.randint(len(loader.x), (loader.batch_size,))
        x = _in_units(trainer, module, Batch(loader.x[rows], key))
        with trainer.precision_plugin.train_step_context():
            objective = module.objective(module.hierarchy(x, module.objective.samples), module.global_step).mean()
        for group in self.optimizer.param_groups:
            group["lr"] = trainer.optimizers[0].param_groups[0]["lr"]
        self.optimizer.zero_grad()
        (-objective).backward(inputs=[p for group in self.optimizer.param_groups for p in group["params"]])
        if norm := module.optimizer.clip_norm:
            torch.nn.utils.clip_grad_norm_(module.hierarchy.encoder.parameters(), norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return objective.detach()

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, module: pl.LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        if self.aggressive:
            assert isinstance(module, HVAE)
            for parameter in module.hierarchy.encoder.parameters():
                parameter.grad = None

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        loader = trainer.val_dataloaders
        if trainer.sanity_checking or not self.aggressive or not isinstance(loader, EvalBatches):
            return
        assert isinstance(module, HVAE)
        information = self._information(trainer, module, loader)
        for callback in trainer.callbacks:  # type: ignore[attr-defined]
            if isinstance(callback, History):
                callback.write(trainer, {"val/mutual_information": information})
        if self.best is not None and information <= self.best:
            self.aggressive = False
            print(f"aggressive training of the encoder ends: I(x; z) is {information:.3f} nats, no longer rising")
        else:
            self.best = information

    def _information(self, trainer: pl.Trainer, module: HVAE, loader: EvalBatches) -> float:
        """I_q(x; z) over all images of validation, one draw each, nats."""

        def batches() -> Iterator[Tensor]:
            for batch in loader:
                seed_noise(batch.key)
                yield _in_units(trainer, module, batch)

        with _own_noise(module), averaged(trainer, module):
            return mutual_information(*posteriors(module.hierarchy, batches())).mean().item()

    def state_dict(self) -> dict[str, Any]:
        optimizer = None if self.optimizer is None else self.optimizer.state_dict()
        return {"aggressive": self.aggressive, "best": self.best, "optimizer": optimizer}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.aggressive, self.best = state_dict["aggressive"], state_dict["best"]
        self._restored = state_dict["optimizer"]


def _in_units(trainer: pl.Trainer, module: HVAE, batch: Batch) -> Tensor:
    """x on the module's device, in the units that the likelihood takes."""
    batch = Batch(batch.x.to(module.device), batch.key)
    data = trainer.datamodule  # type: ignore[attr-defined]
    return data.in_units(batch).x if isinstance(data, ImageData) else batch.x


@contextmanager
def _own_noise(module: HVAE) -> Iterator[None]:
    """Leaves torch's generators as they were."""
    with torch.random.fork_rng(devices=[module.device] if module.device.type == "cuda" else []):
        yield
