"""A composed config, as the rules between its settings ask about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaelab.config.signature import class_constant, home_of
from vaelab.config.source import PACKAGE
from vaelab.errors import ConfigError


@dataclass(frozen=True)
class Composed:
    """A config as the rules see it. Whatever is missing or of a wrong type is told elsewhere."""

    cfg: Mapping[str, Any]
    choices: Mapping[str, Any]
    root: Path = PACKAGE

    def get(self, path: str) -> Any:
        """The value of a dotted setting, None when there is none."""
        value: Any = self.cfg
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def target(self, group: str) -> str:
        """The class a group builds, by the file it is defined in; "" when unknown."""
        target = self.get(f"{group}._target_")
        try:
            return home_of(target, self.root) if isinstance(target, str) else ""
        except ConfigError:
            return ""

    def constant(self, group: str, name: str) -> Any:
        """A literal class attribute of what a group builds."""
        return class_constant(target, name, self.root) if (target := self.target(group)) else None

    def name(self, group: str) -> str:
        """What the user chose for a group; its class where that is not known."""
        target = self.target(group) or self.target(f"{group}.module")
        return str(self.choices.get(group) or target.rpartition(".")[2])

    @property
    def depth(self) -> int:
        """The number of latent layers, of either kind; 0 when there are none to speak of."""
        stages = self.get("model.stages")
        blocks = [s.get("blocks") for s in stages if isinstance(s, Mapping)] if isinstance(stages, list) else []
        return len(self.z_dims) or sum(count for count in blocks if type(count) is int)

    @property
    def z_dims(self) -> list[Any]:
        """The latent layers; empty when there are none to speak of."""
        z_dims = self.get("model.z_dims")
        return z_dims if isinstance(z_dims, list) else []
