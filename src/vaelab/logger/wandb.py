"""The Weights & Biases mirror, offline unless asked."""

import re
from pathlib import Path
from typing import Any, Literal

from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.utilities import rank_zero_only


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
        self._kept = Path(save_dir) / "wandb_id"
        # `offline=True` would set WANDB_MODE for the whole process and every later job of a sweep; `mode` does not
        super().__init__(
            save_dir=save_dir,
            project=project,
            name=name or Path(save_dir).name,
            group=group,
            tags=tags,
            mode=mode,
            log_model=False,
            # a run that goes on is the same one; offline it gets a second folder, and `wandb sync` joins them
            id=_id(self._kept),
        )
        # wandb warns at every start about this setting, which Lightning passes whatever its value
        self._wandb_init.pop("anonymous", None)

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        super().log_hyperparams(params, *args, **kwargs)
        # here, and not when it is made: a run that is refused leaves nothing behind
        if self.version is not None and not self._kept.exists():
            self._kept.write_text(f"{self.version}\n")


def _id(file: Path) -> str | None:
    """The id that was kept of a run; none where the file holds something else, since it becomes a part of a path."""
    text = file.read_text().strip() if file.exists() else ""
    return text if re.fullmatch(r"[\w-]+", text) else None
