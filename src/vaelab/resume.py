"""vaelab train resume=<folder>: a stopped run goes on, exactly."""

import json
from pathlib import Path
from typing import Any

from vaelab.config.continuation import changes, said_now
from vaelab.config.run_folder import read_config
from vaelab.errors import ConfigError


def resume(cfg: dict[str, Any], folder: Path, typed: list[str], first: bool = True) -> float:
    """Go on with the run in `folder` as `cfg` says, and return the elbo; nothing is touched before it is known to fit.

    `typed`: all that was typed for the run, up to now. Raises ConfigError for a config of another model, data or seed,
    or a run that cannot go on exactly; CheckpointError where no state is good.
    """
    if Path(cfg["resume"]).resolve() != folder.resolve():
        raise ConfigError(f"resume={cfg['resume']} is an argument of `vaelab train`, and of no sweep, script or file")
    cfg = {**cfg, "resume": None}
    before = read_config(folder)
    changed = changes(before, cfg)
    epochs, done = cfg["trainer"].get("max_epochs", -1), folder / "DONE.json"
    if done.exists() and before["trainer"].get("max_epochs", -1) == epochs:
        elbo: float = json.loads(done.read_text())["elbo"]
        print(f"{folder} is finished: give a larger trainer.max_epochs to train it further")
        return elbo
    if cfg["trainer"].get("max_steps", -1) not in (-1, None):
        raise ConfigError("a run with trainer.max_steps cannot be resumed exactly: use trainer.max_epochs")

    from vaelab.train import train
    from vaelab.training.resume import find_start, make_ready

    start = find_start(folder, changed, epochs, first)
    if first:
        make_ready(folder, start, said_now(typed))
    return train(cfg, folder, first, start)
