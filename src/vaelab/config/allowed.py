"""What the config of a run folder may build. A `_target_` is called, whatever it names, so that a folder of someone
else's could run anything: it may name the pieces that conf/ offers, some classes that go with them, and nothing more.

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
BESIDE_CONF = frozenset([
    *(f"torch.optim.{name}" for name in _OPTIMISERS),
    *(f"pytorch_lightning.callbacks.{name}" for name in _CALLBACKS),
    *("pytorch_lightning.loggers.CSVLogger", "pytorch_lightning.loggers.WandbLogger"),
    *("vaelab.HVAE", "vaelab.VAE"),
])  # fmt: skip


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
            if key == "_target_" and not is_allowed(inner):
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


def is_allowed(target: object) -> bool:
    """Whether a `_target_` is one of conf/, one beside them, or defined in a module of $VAELAB_ALLOW."""
    if not isinstance(target, str) or not re.fullmatch(r"\w+(\.\w+)+", target):
        return False
    if target in BESIDE_CONF or target in named_in_conf():
        return True
    if target.split(".")[0] == NAME:
        try:
            return home_of(target) in named_in_conf()
        except ConfigError:
            return False
    own = [name.strip() for name in os.environ.get(VARIABLE, "").split(",") if name.strip()]
    return any(_within(target, name) and _within(_home(target), name) for name in own)


@cache
def named_in_conf() -> frozenset[str]:
    """Every `_target_` of the program's own config files, but those that Hydra itself is given."""
    files = [file for file in CONF.rglob("*.yaml") if file.relative_to(CONF).parts[0] != "hydra"]
    found = (re.findall(r"^\s*_target_:\s*([\w.]+)\s*$", file.read_text(encoding="utf-8"), re.M) for file in files)
    return frozenset(target for targets in found for target in targets)


def _home(target: str) -> str:
    """The module that defines an object: a package that imports os could be asked for its os.system."""
    try:
        return str(getattr(resolve_name(target), "__module__", ""))
    except (ImportError, AttributeError, ValueError):
        return ""


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
