"""A run that stopped goes on, exactly: vaelab train resume=<folder>, or the same command again."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaelab.config.again import value
from vaelab.config.continuation import changes, is_finished, said_before, said_now
from vaelab.config.difference import NOTHING, Change, difference
from vaelab.config.paths import plain
from vaelab.config.run_folder import read_config
from vaelab.errors import ConfigError
from vaelab.readable import read_json

if TYPE_CHECKING:
    from vaelab.training.resume import Start


def resume(cfg: dict[str, Any], folder: Path, typed: list[str], first: bool = True) -> "Start | None":
    """Where the run in `folder` goes on as `cfg` says; None for a finished one, which is told. Nothing is touched.

    `typed`: all that was typed for the run, up to now. Raises ConfigError for a config of another model, data or seed,
    or a run that cannot go on exactly; CheckpointError where no state is good.
    """
    if Path(cfg["resume"]).resolve() != folder.resolve():
        raise ConfigError(f"resume={cfg['resume']} is an argument of `vaelab train`, and of no sweep, script or file")
    named, cfg = cfg["resume"], {**cfg, "resume": None}
    before, said = read_config(folder), said_now(typed)
    known = (folder / ".hydra" / "overrides.yaml").is_file() or not typed
    changed = changes(before, cfg, _again(folder) if typed else None, named, said, known)
    epochs, done = cfg["trainer"].get("max_epochs", -1), read_json(folder / "DONE.json")
    if "elbo" in done and before["trainer"].get("max_epochs", -1) == epochs:
        if acts := [str(change) for change in changed if change.acts and not change.edited]:
            raise ConfigError(
                f"{named} is finished, and {'; '.join(acts)} acts on training alone: give trainer.max_epochs=<more> too"
            )
        print(_finished(named, done, changed))
        return None
    return _start(cfg, folder, changed, said, first)


def again(cfg: dict[str, Any], folder: Path, typed: list[str], first: bool = True) -> "Start | None":
    """The same for the command that began the run in `folder`, given once more: also with more epochs, or watched in
    another way. Raises ConfigError when the folder holds a run of other settings; else as `resume`."""
    if is_finished(folder, cfg):
        print(f"{folder} is finished: elbo {elbo_of(folder):.2f}")
        return None
    before = said_before(folder)
    said = [one for one in typed if one not in before]
    return _start(cfg, folder, difference(read_config(folder), cfg), said, first)


def elbo_of(folder: Path) -> float:
    """The elbo in DONE.json of a finished run."""
    elbo: float = read_json(folder / "DONE.json")["elbo"]
    return elbo


def _start(cfg: dict[str, Any], folder: Path, changed: Sequence[Change], said: list[str], first: bool) -> "Start":
    from vaelab.training.resume import find_start

    start = find_start(folder, changed, cfg["trainer"].get("max_epochs", -1), first, said)
    if start.state is not None and cfg["trainer"].get("max_steps", -1) not in (-1, None):
        raise ConfigError("a run with trainer.max_steps cannot be resumed exactly: use trainer.max_epochs")
    return start


def _again(folder: Path) -> dict[str, Any] | None:
    """What was typed for a run, composed as conf/ is now; None where conf/ no longer knows it."""
    from hydra import compose

    try:
        return plain(compose("train", said_before(folder)))
    except Exception:  # Hydra's and OmegaConf's have no ancestor in common
        return None


def _finished(folder: str, done: Mapping[str, Any], changed: Sequence[Change]) -> str:
    """What is said of a run that has nothing left to train, and the commands that are the next ones."""
    run = shlex.quote(f"run={folder}")
    asked = [
        f"vaelab {door}{_settings(changed, group)}"
        for group, door in (
            ("evaluation", f"evaluate {run}"),
            ("diagnosis", f"diagnose {run}"),
            ("report", f"report {shlex.quote(folder)}"),
        )
        if any(change.key.split(".")[0] == group for change in changed)
    ]
    usual = [f"vaelab evaluate {run} iw_samples=5000", f"vaelab sample {run}"]
    return (
        f"{folder} is finished: elbo {done['elbo']:.2f} at step {done.get('step')}\n"
        f"to train it further: vaelab train {shlex.quote(f'resume={folder}')} trainer.max_epochs=<more>\n"
        f"{'what differs' if asked else 'next'}, without training: {'; '.join(asked or usual)}"
    )


def _settings(changed: Sequence[Change], group: str) -> str:
    """The changed settings of a group as the command that is made for it takes them; a piece that is gone once."""
    there = {change.key: change.now for change in changed if change.key.startswith(f"{group}.")}
    said: dict[str, None] = {}
    for key, now in there.items():
        name = key.partition(".")[2]
        if now != NOTHING:
            said[f"{name}={value(now)}"] = None
        else:  # analyses.surgery of analyses.surgery.images, where nothing of it is left
            piece = ".".join(name.split(".")[:2])
            gone = all(other == NOTHING for one, other in there.items() if one.startswith(f"{group}.{piece}."))
            said[f"~{piece if gone else name}"] = None
    return "".join(f" {shlex.quote(one)}" for one in said)
