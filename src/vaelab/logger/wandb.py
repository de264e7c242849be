"""The Weights & Biases mirror, offline unless asked."""

from pathlib import Path
from typing import Literal

from pytorch_lightning.loggers import WandbLogger


class Wandb(WandbLogger):
    """Lightning's WandbLogger, in the run folder and named after it.

    `offline` writes <save_dir>/wandb/offline-run-…, needs no account and blocks on no network; `wandb sync` uploads it
    later. `online` logs to the server that `wandb login` knows.
    """

    def __init__(
        self,
        save_dir: str,
        *,
        project: str,
        name: str | None,
        group: str | None,
        tags: list[str] | None,
        mode: Literal["offline", "online", "disabled"],
    ) -> None:
        # `offline=True` would set WANDB_MODE for the whole process and every later job of a sweep; `mode` does not
        super().__init__(
            save_dir=save_dir,
            project=project,
            name=name or Path(save_dir).name,
            group=group,
            tags=tags,
            mode=mode,
            log_model=False,
        )
        # wandb warns at every start about this setting, which Lightning passes whatever its value
        self._wandb_init.pop("anonymous", None)
