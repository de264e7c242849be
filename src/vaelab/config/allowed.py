"""What the config of a run folder may build. A `_target_` is called, whatever it names, so that a folder of someone
else's could run anything: a group may name the pieces that conf/ offers for it, some classes that go with them, and
nothing more.

What is typed for `vaelab train` is the user's own and is not held to this.
"""

import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from vaelab.config.paths import CONF
from vaelab.config.signature import home_of
from vaelab.config.source import NAME
from vaelab.errors import CheckpointError, ConfigError

VARIABLE = "VAELAB_ALLOW"
PICKLES = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
_OPTIMISERS = (
    *("ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "Muon", "NAdam", "RAdam"),
    *("RMSprop", "Rprop", "SGD", "SparseAdam"),
)
# without those that write where a setting says, or call what it names
_CALLBACKS = (
    *("DeviceStatsMonitor", "EarlyStopping", "GradientAccumulationScheduler", "LearningRateMonitor", "ModelSummary"),
    *("RichModelSummary", "RichProgressBar", "StochasticWeightAveraging", "TQDMProgressBar", "Timer"),
)
BESIDE_CONF = {
    "optimizer": frozenset(f"torch.optim.{name}" for name in _OPTIMISERS),
    "callbacks": frozenset(f"pytorch_lightning.callbacks.{name}" for name in _CALLBACKS),
    # and no logger that takes an address: it would send the user's key there
    "logger": frozenset(("pytorch_lightning.loggers.CSVLogger",)),
    "model": frozenset(("vaelab.HVAE", "vaelab.VAE")),
}
# where the pieces of a group stand in a training config, if not under its own name
_STANDS_IN = {"pictures": "callbacks", "analyses": "diagnosis"}


def refuse_untrusted(config: Mapping[str, Any], file: Path) -> None:
    """Raise CheckpointError, which lists them, for targets of a run folder's config that are not allowed, and for
    `${…}`, which Hydra would look up: in the environment too."""
    if found := [f"{key}: {value}" for key, value in untrusted(config)]:
        raise CheckpointError(
            f"{file} is refused, and nothing of it was run: {'; '.join(found)}. A run folder may name the pieces of "
            f"vaelab alone, and no ${{…}}. If you trust it, {VARIABLE}=<package or module> in the environment allows "
            "what is defined there."
        )


def refuse_pickles() -> None:
    """Raise CheckpointError where the environment tells torch to run the pickles of whatever it loads."""
    if os.environ.get(PICKLES):
        raise CheckpointError(f"{PICKLES} is set: a checkpoint could then run code. Unset it")


def untrusted(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(dotted key, value) of every such target and `${…}`, wherever it stands."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            name = f"{path}.{key}" if path else str(key)
            if key == "_target_" and not is_allowed(inner, path.partition(".")[0]):
                yield name, str(inner)
            elif "${" in str(key):
                yield name, "is no name"
            elif key != "_target_":
                yield from untrusted(inner, name)
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            yield from untrusted(inner, f"{path}[{i}]")
    elif isinstance(value, str) and "${" in value:
        yield path, value


def is_allowed(target: object, group: str) -> bool:
    """Whether a `_target_` below a group of a training config is one of conf/<group>, one beside them, or defined in a
    module of $VAELAB_ALLOW."""
    if not isinstance(target, str) or not re.fullmatch(r"\w+(\.\w+)+", target):
        return False
    offered = named_in_conf().get(group, frozenset())
    if target in offered or target in BESIDE_CONF.get(group, ()):
        return True
    if target.split(".")[0] == NAME:
        try:
            return home_of(target) in offered
        except ConfigError:
            return False
    own = [name.strip() for name in os.environ.get(VARIABLE, "").split(",") if name.strip()]
    return any(_within(target, name) and _within(_home(target), name) for name in own)


@cache
def named_in_conf() -> dict[str, frozenset[str]]:
    """Every `_target_` of the program's own config files, by the group of a training config that it stands in."""
    found: dict[str, set[str]] = {}
    for file in CONF.glob("*/**/*.yaml"):
        group = file.relative_to(CONF).parts[0]
        targets = re.findall(r"^\s*_target_:\s*([\w.]+)\s*$", file.read_text(encoding="utf-8"), re.MULTILINE)
        found.setdefault(_STANDS_IN.get(group, group), set()).update(targets)
    # these two are no part of a training config
    return {group: frozenset(targets) for group, targets in found.items() if group not in ("hydra", "features")}


def _home(target: str) -> str:
    """The module that defines an object: a package that imports os could be asked for its os.system."""
    try:
        return str(getattr(resolve_name(target), "__module__", ""))
    except (ImportError, AttributeError, ValueError):
        return ""


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
