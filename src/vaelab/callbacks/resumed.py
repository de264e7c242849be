"""A run that goes on with other settings of its optimiser."""

import pytorch_lightning as pl
from torch.optim.lr_scheduler import LambdaLR

from vaelab.training.modules import HVAE


class Resumed(pl.Callback):
    """Put in by `vaelab train resume=…`: lr, weight decay and betas are the config's, not those of the checkpoint.

    Lightning and torch restore what was saved, whatever the config says. The moments of the gradients go on. `trains`
    says whether anything was left to train.
    """

    trains = False

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self.trains = True
        assert isinstance(module, HVAE)
        optimizer = trainer.optimizers[0]
        module.optimizer.retune(optimizer)
        for config in trainer.lr_scheduler_configs:
            schedule = config.scheduler
            assert isinstance(schedule, LambdaLR)
            schedule.base_lrs = [module.optimizer.lr for _ in optimizer.param_groups]
            schedule.last_epoch = schedule.last_epoch or trainer.global_step  # 0: the run had no schedule before
            factor = schedule.lr_lambdas[0](schedule.last_epoch)
            for group in optimizer.param_groups:
                group["initial_lr"], group["lr"] = module.optimizer.lr, module.optimizer.lr * factor
