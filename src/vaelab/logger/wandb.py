"""The Weights & Biases mirror, offline unless asked."""

import http.client
import re
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Literal

from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.loggers.logger import rank_zero_experiment
from pytorch_lightning.utilities import rank_zero_only

from vaelab.logger.mirrors import tell


class Wandb(WandbLogger):
    """Lightning's WandbLogger, in the run folder and named after it.

    `offline` writes <save_dir>/wandb/offline-run-…, needs no account and blocks on no network; `wandb sync` uploads it
    later. `online` logs to the server that `wandb login` knows; where that does not answer within seconds, or knows no
    key, the run is an offline one, and a line says so.
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
            group=group or _sweep(Path(save_dir)),
            tags=tags,
            mode=mode,
            log_model=False,
            # a run that goes on is the same one; offline it gets a second folder, and `wandb sync` joins them
            id=_id(self._kept),
        )
        if mode == "online" and (why := unreachable()):
            self._go_offline(why)
        # wandb warns at every start about this setting, which Lightning passes whatever its value
        self._wandb_init.pop("anonymous", None)

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """The run of wandb; offline where the server lets none begin."""
        from wandb.errors import Error

        try:
            return super().experiment
        except Error as error:
            if self._wandb_init["mode"] != "online":
                raise
            self._go_offline(str(error))
            return super().experiment

    def _go_offline(self, why: str) -> None:
        tell(f"note: wandb stays offline: {why.strip().partition(chr(10))[0]}; `wandb sync` uploads the run later")
        self._wandb_init["mode"] = "offline"

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        super().log_hyperparams(params, *args, **kwargs)
        # here, and not when it is made: a run that is refused leaves nothing behind
        if self.version is not None and not self._kept.exists():
            self._kept.write_text(f"{self.version}\n")


def unreachable(seconds: float = 5.0) -> str | None:
    """Why wandb's server does not answer, or None. wandb itself would try for minutes before training begins."""
    import wandb

    server = wandb.setup().settings.base_url
    try:
        urllib.request.urlopen(server, timeout=seconds).close()
    except urllib.error.HTTPError:
        return None  # that is an answer
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        # wandb trusts authorities of its own
        return None if isinstance(reason, ssl.SSLError) else f"{server} does not answer ({reason})"
    return None


def _sweep(folder: Path) -> str | None:
    """The sweep that a run is a job of: its runs are one group."""
    above = folder.resolve().parent
    return above.name if (above / "multirun.yaml").exists() else None


def _id(file: Path) -> str | None:
    """The id that was kept of a run; none where the file holds something else, since it becomes a part of a path."""
    text = file.read_text().strip() if file.exists() else ""
    return text if re.fullmatch(r"[\w-]+", text) else None
