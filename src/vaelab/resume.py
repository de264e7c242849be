"""A run that stopped goes on, exactly: vaelab train resume=<folder>, or the same command again."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vaelab.config.continuation import Change, changes, difference, said_before
from vaelab.config.run_folder import read_config
from vaelab.errors import ConfigError


def resume(cfg: dict[str, Any], folder: Path, typed: list[str], first: bool = True) -> None:
    """Go on with the run in `folder` as `cfg` says; nothing is touched before it is known to fit.

    `typed`: all that was typed for the run, up to now. Raises ConfigError for a config of another model, data or seed,
    or a run that cannot go on exactly; CheckpointError where no state is good.
    """
    if Path(cfg["resume"]).resolve() != folder.resolve():
        raise ConfigError(f"resume={cfg['resume']} is an argument of `vaelab train`, and of no sweep, script or file")
    cfg = {**cfg, "resume": None}
    before = read_config(folder)
    changed = changes(before, cfg)
    epochs = cfg["trainer"].get("max_epochs", -1)
    if (folder / "DONE.json").exists() and before["trainer"].get("max_epochs", -1) == epochs:
        print(f"{folder} is finished: give a larger trainer.max_epochs to train it further")
        return
    said = [one for one in typed[len(said_before(folder)) :] if not one.startswith("resume=")]
    _go_on(cfg, folder, changed, said, first)


def again(cfg: dict[str, Any], folder: Path, first: bool = True) -> None:
    """The command that began the run in `folder`, given once more: the run goes on, and a finished one is told.

    Raises ConfigError when the folder holds a run of other settings; else as `resume`.
    """
    if differ := difference(read_config(folder), cfg):
        raise ConfigError(
            f"{folder} holds a run of other settings: {'; '.join(map(str, differ))}. Give another folder, or "
            f"go on with that run by `vaelab train resume={folder}` and what shall be different."
        )
    if (folder / "DONE.json").exists():
        print(f"{folder} is finished: elbo {elbo_of(folder):.2f}")
        return
    _go_on(cfg, folder, [], [], first)


def elbo_of(folder: Path) -> float:
    """The elbo in DONE.json of a finished run."""
    elbo: float = json.loads((folder / "DONE.json").read_text())["elbo"]
    return elbo


def _go_on(cfg: dict[str, Any], folder: Path, changed: Sequence[Change], said: list[str], first: bool) -> None:
    from vaelab.train import train
    from vaelab.training.last import never_saved
    from vaelab.training.resume import find_start, make_ready, start_over

    if cfg["trainer"].get("max_steps", -1) not in (-1, None):
        raise ConfigError("a run with trainer.max_steps cannot be resumed exactly: use trainer.max_epochs")
    if never_saved(folder / "checkpoints"):
        if first:
            start_over(folder, said)
            print(f"{folder} begins anew: it stopped before a state was saved", flush=True)
        train(cfg, folder, first)
        return
    start = find_start(folder, changed, cfg["trainer"].get("max_epochs", -1), first)
    if first:
        make_ready(folder, start, said)
    train(cfg, folder, first, start)
