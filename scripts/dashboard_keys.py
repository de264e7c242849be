"""Which figures, media and settings a dashboard can show: those that the program logs."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaelab.config.run_folder import read_config
from vaelab.terminal.folders import differing, is_run, overrides, runs_in

SUMS = ("elbo", "reconstruction", "kl", "objective")
TERMS = ("kl", "log_ratio")
PICTURES = ("images/samples", "images/reconstructions", "images/coarse_to_fine")
# what is worth comparing where no sweep says what differs
SETTINGS = ("objective._target_", "model.z_dims", "likelihood._target_", "optimizer.lr", "data.batch_size", "seed")


@dataclass(frozen=True)
class Keys:
    """`logged`: the figures' names, as in history.jsonl and in every logger; `layers`: z1 first; `media`: pictures'
    names; `settings`: dotted keys of the config."""

    logged: frozenset[str]
    layers: tuple[str, ...]
    media: tuple[str, ...]
    settings: tuple[str, ...]

    def those(self, names: Iterable[str]) -> list[str]:
        """Of `names` those that are logged, in their order."""
        return [name for name in names if name in self.logged]

    def each(self, *heads: str) -> list[str]:
        """<head>/z1, <head>/z2 … of every head, as far as they are logged."""
        return self.those(f"{head}/{layer}" for head in heads for layer in self.layers)


def of_layers(n: int) -> Keys:
    """What a model of `n` layers logs, each with a KL, with the collapse monitor on."""
    layers = tuple(f"z{i}" for i in range(1, n + 1))
    logged = {f"{stage}/{name}" for stage in ("train", "val") for name in SUMS}
    heads = ("train/kl", "val/kl", "val/active_units", "val/information", "val/marginal_kl", "collapse")
    logged |= {f"{head}/{layer}" for head in heads for layer in layers}
    return Keys(frozenset(logged), layers, (*PICTURES, *(f"units/{layer}" for layer in layers)), SETTINGS)


def of_folder(folder: Path) -> Keys:
    """What a run has logged, or what the runs of a sweep have, with the settings in which these differ.

    Raises CheckpointError for a folder that holds no run.
    """
    runs = [folder] if is_run(folder) else runs_in(folder)
    configs = [read_config(run) for run in runs or [folder]]
    logged = frozenset(key for run in runs for key in _history_keys(run / "history.jsonl"))
    layers = sorted({key.rsplit("/", 1)[-1] for key in logged if re.search(r"/z\d+$", key)}, key=lambda z: int(z[1:]))
    said = differing([overrides(run) for run in runs]) if len(runs) > 1 else []
    names = dict.fromkeys(one.split("=", 1)[0].lstrip("+~") for own in said for one in own)
    settings = [key for name in names if (key := _setting(configs, name)) is not None]
    if not settings:
        settings = [key for key in SETTINGS if any(_has(config, key) for config in configs)]
    media = dict.fromkeys(name for run in runs for name in _media(run / "images"))
    return Keys(logged, tuple(layers), tuple(media), tuple(settings))


def _history_keys(path: Path) -> set[str]:
    found: set[str] = set()
    for line in path.read_text(errors="replace").splitlines() if path.exists() else []:
        try:
            found |= set(json.loads(line)) - {"step", "epoch"}
        except ValueError:  # half a line, of a run that goes on
            continue
    return found


def _media(folder: Path) -> list[str]:
    """What a run's pictures are logged as: <kind>.png and <kind>_epoch0010.png images/<kind>, units_z1.png units/z1."""
    kinds = dict.fromkeys(re.sub(r"_epoch\d+$", "", path.stem) for path in sorted(folder.glob("*.png")))
    return [
        re.sub(r"^units_(z\d+)$", r"units/\1", kind) if kind.startswith("units_z") else f"images/{kind}"
        for kind in kinds
    ]


def _setting(configs: list[dict[str, Any]], name: str) -> str | None:
    """An override's name as a key of the config; a group's choice, which the config does not hold, as its class."""
    for key in (name, f"{name.replace('/', '.')}._target_"):
        if any(_has(config, key) and not isinstance(_at(config, key), dict) for config in configs):
            return key
    return None


def _at(config: Any, key: str) -> Any:
    for part in key.split("."):
        config = config[part]
    return config


def _has(config: Any, key: str) -> bool:
    try:
        _at(config, key)
    except (KeyError, TypeError, IndexError):
        return False
    return True
