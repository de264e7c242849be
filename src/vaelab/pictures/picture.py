"""What every kind of picture is, and the words they share."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, TypeVar

from torch import Tensor
from torch.distributions import Distribution

from vaelab.config.types import NonNegative
from vaelab.model import Hierarchy
from vaelab.pictures.grid import Grid

# of every layer, or one for each from z1 to zL
Temperature = NonNegative | list[NonNegative]
T = TypeVar("T")
MOST_ROWS = 8  # of a picture with a row for each layer


class Picture:
    """One kind of picture. Its settings are the constructor's; called, it draws.

    `x` [n, C, H, W] are images in the likelihood's units. Titles and labels say what was held and what was drawn.
    """

    shows_data: ClassVar[bool] = True

    def __call__(self, hierarchy: Hierarchy, x: Tensor) -> Grid:
        raise NotImplementedError

    def faults(self, z_dims: Sequence[int], images: int) -> Iterator[str]:
        """What of the settings does not fit a model of these layers, or so many images: 'unit=9: …'."""
        yield from ()


def shown(px: Distribution) -> tuple[Tensor, str]:
    """Pictures [.., C, H, W] of p(x | z), and what they are: a draw only where the family knows no mean."""
    try:
        return px.mean, "mean of p(x | z)"
    except NotImplementedError:
        return px.sample(), "a draw of p(x | z)"


def temperature_faults(temperature: float | Sequence[float], depth: int) -> Iterator[str]:
    """One number fits every model, a list must have one for each layer."""
    if not isinstance(temperature, int | float) and len(temperature) != depth:
        yield (
            f"temperature has {_count(len(temperature), 'value')}, this model has {_count(depth, 'layer')}: "
            "give one number for all, or one for each from z1 to zL"
        )


def layer_faults(name: str, layer: int, z_dims: Sequence[int]) -> Iterator[str]:
    """Layers count from 1, next to the data."""
    if layer > len(z_dims):
        has = "one layer, z1" if len(z_dims) == 1 else f"{len(z_dims)} layers, z1 to z{len(z_dims)}"
        yield f"{name}={layer}: this model has {has}"


def heat(temperature: float | Sequence[float]) -> str:
    """'temperature 0.7', or 'temperatures z1 0.7, z2 1'."""
    if isinstance(temperature, int | float):
        return f"temperature {temperature:g}"
    return "temperatures " + ", ".join(f"z{i} {t:g}" for i, t in enumerate(temperature, start=1))


def layers(first: int, last: int) -> str:
    """Layers from `first` to `last`, counted from 1: 'z2', 'z2, z3', 'z2…z4'."""
    if first == last:
        return f"z{first}"
    return f"z{first}, z{last}" if last == first + 1 else f"z{first}…z{last}"


def evenly(items: Sequence[T], most: int = MOST_ROWS) -> list[T]:
    """At most `most` of them, evenly spaced, always the first and the last."""
    n = len(items)
    return list(items) if n <= most else [items[round(i * (n - 1) / (most - 1))] for i in range(most)]


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
