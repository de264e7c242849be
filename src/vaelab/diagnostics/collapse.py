"""Is a layer alive, fading or collapsed? A state from two figures, with hysteresis. Without torch.

    reads collapsed   no unit is active, and the layer carries less than `collapsed_nats_per_unit` · units nats
    reads fading      one of the two; or fewer units are active than `fading_share` of the most it has had, and it
                      carries less than that share of the most it has carried, or a tenth of what it once had
    reads alive       else

Below the top of a top-down hierarchy units move with the layers above them, also where q = p and the layer says nothing
of its own: there the nats alone decide.

The most is counted from when the objective has settled: before the KL has its full weight many a unit is active that
will not stay; only a fall to a tenth is no longer the warm-up's doing. Units alone do not say that a layer is fading: a
trained layer often says more with fewer of them. Nor does its information, which near log N cannot be told from more:
where a layer has a KL, fading is told by that.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

ALIVE, FADING, COLLAPSED = 0, 1, 2
TENTH = 0.1
NAMES = ("alive", "fading", "collapsed")


@dataclass(frozen=True)
class Rule:
    """`patience` is how many checks in a row must read another state before it is entered; both ways."""

    patience: int
    fading_share: float
    collapsed_nats_per_unit: float


class Seen(NamedTuple):
    """What a check sees of a layer: active units of `units`, and the nats it carries; None where that is not known, and
    the units alone decide. `kl` is the layer's, where its term is one. `follows`: its units move with those of layers
    above."""

    active: float
    units: int
    nats: float | None
    follows: bool = False
    kl: float | None = None

    @property
    def strength(self) -> float | None:
        """The nats by which its fading is told."""
        return self.nats if self.kl is None else self.kl


class Change(NamedTuple):
    """Layer `layer` (from 0) is now `state` and was `was`; None: it has never been anything else."""

    layer: int
    state: int
    was: int | None


def words(change: Change, seen: Seen) -> str:
    """'z2 is collapsed: 0 of 16 units active, 0.01 nats; was alive.'"""
    head = "has not woken up" if change.was is None else f"is {NAMES[change.state]}"
    nats = "" if seen.nats is None else f", {seen.nats:.2f} nats"
    was = "" if change.was is None else f"; was {NAMES[change.was]}"
    follow = " (they follow the layers above)" if seen.follows and seen.active and change.state == COLLAPSED else ""
    return f"z{change.layer + 1} {head}: {seen.active:.0f} of {seen.units} units active{follow}{nats}{was}."


@dataclass
class Layer:
    """One layer's state, and what it hangs on besides the next check."""

    state: int | None = None
    reading: int | None = None  # of the last check, `streak` times in a row
    streak: int = 0
    most: float = 0.0  # active units
    most_nats: float = 0.0
    once: float = 0.0  # the same, from the first check on
    once_nats: float = 0.0
    woke: bool = False
    told: bool = False  # that it has not woken up
    asleep: int = 0  # settled checks in a row of a layer that has never been but collapsed


class Watch:
    """The layers of one run, from z_1 up, check by check.

    The first check sets the state without a word: before training every layer reads collapsed. One that stays so is
    told, once, after `patience` checks since the objective has settled; one that was alive is told as it collapses.
    """

    def __init__(self, rule: Rule, depth: int) -> None:
        self.rule, self.layers = rule, [Layer() for _ in range(depth)]

    def check(self, seen: Sequence[Seen], settled: bool, last: bool = False) -> list[Change]:
        """What has changed with this check. `settled`: the objective's weights have their last values. `last`: the run
        ends here, and what has not woken up by now will not."""
        changes = [self._layer(l, *both, settled, last) for l, both in enumerate(zip(self.layers, seen, strict=True))]
        return [change for change in changes if change is not None]

    @property
    def states(self) -> tuple[int, ...]:
        """Of each layer: 0 alive, 1 fading, 2 collapsed."""
        return tuple(COLLAPSED if layer.state is None else layer.state for layer in self.layers)

    @property
    def all_alive(self) -> bool:
        """Whether every layer read alive at the last check."""
        return all(layer.reading == ALIVE for layer in self.layers)

    def _layer(self, l: int, layer: Layer, seen: Seen, settled: bool, last: bool) -> Change | None:
        now = self._read(layer, seen)
        layer.most = max(layer.most, seen.active) if settled else 0.0
        layer.most_nats = max(layer.most_nats, seen.strength or 0.0) if settled else 0.0
        layer.once, layer.once_nats = max(layer.once, seen.active), max(layer.once_nats, seen.strength or 0.0)
        layer.streak = layer.streak + 1 if now == layer.reading else 1
        layer.reading, was = now, layer.state
        state = now if was is None or layer.streak >= self.rule.patience else was
        layer.state, layer.woke = state, layer.woke or state != COLLAPSED
        asleep = not layer.woke and now == COLLAPSED
        layer.asleep = layer.asleep + 1 if settled and asleep else 0
        if asleep and not layer.told and (last or layer.asleep >= self.rule.patience):
            layer.told = True
            return Change(l, COLLAPSED, None)
        return Change(l, state, was) if was is not None and state != was else None

    def _read(self, layer: Layer, seen: Seen) -> int:
        dead, silent = seen.active == 0, self._silent(seen)
        if (dead and silent is not False) or (seen.follows and silent):
            return COLLAPSED
        if dead or silent:
            return FADING
        share, nats = self.rule.fading_share, seen.strength
        if nats is None:  # a layer that follows then shows nothing
            return FADING if not seen.follows and seen.active < share * layer.most else ALIVE
        fell = (seen.follows or seen.active < share * layer.most) and nats < share * layer.most_nats
        sank = (seen.follows or seen.active < share * layer.once) and nats < TENTH * layer.once_nats
        return FADING if fell or sank else ALIVE

    def _silent(self, seen: Seen) -> bool | None:
        """Whether it carries next to nothing; None where that is not known. Of a layer that follows its KL says so: how
        much of its information can be seen hangs on the layers above."""
        nats = seen.strength if seen.follows else seen.nats
        return None if nats is None else nats < self.rule.collapsed_nats_per_unit * seen.units

    def state_dict(self) -> list[dict[str, Any]]:
        return [asdict(layer) for layer in self.layers]

    def load_state_dict(self, state: Sequence[dict[str, Any]]) -> None:
        self.layers = [Layer(**layer) for layer in state]
