"""The last line of a sweep: how many runs lie where, and what to look at them with."""

from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback

from vaelab.config.run_folder import runs_below
from vaelab.rank import is_first


class SweepEnd(Callback):
    """Hydra calls it once, when every job of `vaelab train -m` has ended well."""

    def on_multirun_end(self, config: Any, **kwargs: Any) -> None:
        folder = Path(config.hydra.sweep.dir)
        n = len(runs_below(folder))
        if n and is_first():
            print(f"{n} run{'s' if n > 1 else ''} in {folder}; next: vaelab report {folder}", flush=True)
