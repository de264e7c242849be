"""The state machine against a table written by hand, and its state through a checkpoint."""

import json
from collections.abc import Sequence

import pytest

from vaelab.diagnostics.collapse import ALIVE, COLLAPSED, FADING, NAMES, Change, Rule, Seen, Watch, words

RULE = Rule(patience=2, fading_share=0.5, collapsed_nats_per_unit=0.01)
LETTERS = {"A": ALIVE, "F": FADING, "C": COLLAPSED}
DEAD, FULL, FEW = (0, 0.0), (8, 5.0), (3, 2.0)  # active units of 10, nats


def states(rows: Sequence[tuple[int, float | None]], settled: int = 0) -> tuple[str, list[tuple[int, str, str | None]]]:
    """The state after each check, and what was told: (check, state, state before). Settled from that check on."""
    watch, course, changes = Watch(RULE, 1), "", []
    for i, (active, nats) in enumerate(rows):
        found = watch.check([Seen(active, 10, nats)], settled=i >= settled)
        course += {v: k for k, v in LETTERS.items()}[watch.states[0]]
        changes += [(i, NAMES[c.state], None if c.was is None else NAMES[c.was]) for c in found]
    return course, changes


@pytest.mark.parametrize(
    ("rows", "settled", "course", "told"),
    [
        # alive all along
        ([FULL] * 4, 0, "AAAA", []),
        # alive, then collapsed from the second check in a row, told once, and back with the same patience
        ([FULL, DEAD, DEAD, DEAD, FULL, FULL], 0, "AACCCA", [(2, "collapsed", "alive"), (5, "alive", "collapsed")]),
        # a single check in between changes nothing, either way
        ([FULL, DEAD, FULL, DEAD, DEAD, FULL, DEAD], 0, "AAAACCC", [(4, "collapsed", "alive")]),
        # fewer than half of the most: fading; half of them is not
        ([FULL, FEW, FEW, (4, 2.0), (4, 2.0)], 0, "AAFFA", [(2, "fading", "alive"), (4, "alive", "fading")]),
        # fewer units that say more: no sign of fading
        ([FULL, (3, 5.5), (3, 6.0), (3, 6.0)], 0, "AAAA", []),
        # a tenth of what it had before the weights settled, in fewer units: no longer a warm-up's doing
        ([(8, 20.0), (8, 20.0), (3, 1.9), (3, 1.9)], 2, "AAAF", [(3, "fading", "alive")]),
        ([(8, 20.0), (8, 20.0), (3, 2.1), (3, 2.1)], 2, "AAAA", []),
        # through fading to collapse
        (
            [FULL, FEW, FEW, DEAD, DEAD],
            0,
            "AAFFC",
            [(2, "fading", "alive"), (4, "collapsed", "fading")],
        ),
        # different bad readings are not one state in a row
        ([FULL, FEW, DEAD, FEW, DEAD], 0, "AAAAA", []),
        # never woke: told once, after two checks since the objective settled
        ([DEAD] * 6, 3, "CCCCCC", [(4, "collapsed", None)]),
        ([DEAD] * 4, 0, "CCCC", [(1, "collapsed", None)]),
        # untrained at first, and then it wakes: no alarm
        ([DEAD, FULL, FULL, FULL], 0, "CCAA", [(2, "alive", "collapsed")]),
        ([DEAD, DEAD, DEAD, FULL, FULL], 3, "CCCCA", [(4, "alive", "collapsed")]),
        # woke during the warm-up and died in it: told at once
        ([FULL, DEAD, DEAD], 9, "AAC", [(2, "collapsed", "alive")]),
        # units that only the warm-up had do not count as the most
        ([FULL, FEW, FEW, FEW], 1, "AAAA", []),
        # no unit active, but nats enough (10 units: 0.1): not collapsed; fading as it had units before
        ([FULL, (0, 0.1), (0, 0.1)], 0, "AAF", [(2, "fading", "alive")]),
        ([FULL, (0, 0.0999), (0, 0.0999)], 0, "AAC", [(2, "collapsed", "alive")]),
        # one active unit, and nothing to be seen of its nats; the weights need not have settled to see that
        ([(1, 0.0)] * 3, 0, "FFF", []),
        ([FULL, (1, 0.0), (1, 0.0)], 9, "AAF", [(2, "fading", "alive")]),
        # nats not known: the units alone decide
        ([(8, None), (0, None), (0, None)], 0, "AAC", [(2, "collapsed", "alive")]),
    ],
)
def test_the_states_are_those_of_the_table(
    rows: list[tuple[int, float | None]], settled: int, course: str, told: list[tuple[int, str, str | None]]
) -> None:
    assert states(rows, settled) == (course, told)


def test_what_has_not_woken_up_at_the_end_is_told_there() -> None:
    """Also where the weights never settled, as in a run shorter than its warm-up."""
    watch, dead = Watch(RULE, 1), [Seen(0, 10, 0.0)]
    assert watch.check(dead, settled=False) == watch.check(dead, settled=False) == []
    assert watch.check(dead, settled=False, last=True) == [Change(0, COLLAPSED, None)]
    told = Watch(RULE, 1)
    assert [told.check(dead, settled=True, last=i == 2) for i in range(3)] == [[], [Change(0, COLLAPSED, None)], []]


def test_fading_is_told_by_the_kl_where_there_is_one() -> None:
    """The information of a lower layer falls as the layers above come near log N, whatever it does."""
    watch = Watch(RULE, 1)
    for information, kl in ((3.0, 5.0), (0.5, 5.2), (0.4, 5.2)):
        watch.check([Seen(9, 10, information, follows=True, kl=kl)], settled=True)
    assert watch.states == (ALIVE,)
    for _ in range(2):
        watch.check([Seen(9, 10, 0.4, follows=True, kl=2.0)], settled=True)
    assert watch.states == (FADING,)


def test_units_that_follow_the_layers_above_are_no_sign_of_life() -> None:
    watch = Watch(RULE, 2)
    for _ in range(3):
        watch.check([Seen(8, 10, 0.0, follows=True), Seen(8, 10, 5.0)], settled=True)
    assert watch.states == (COLLAPSED, ALIVE)
    assert "z1 is collapsed: 8 of 10 units active (they follow the layers above), 0.00 nats" in words(
        Change(0, COLLAPSED, ALIVE), Seen(8, 10, 0.0, follows=True)
    )


def test_layers_are_watched_one_by_one() -> None:
    watch = Watch(RULE, 2)
    for i in range(3):
        lower, upper = Seen(20, 32, 4.0), Seen(0 if i else 5, 16, 0.01 if i else 2.0)
        changes = watch.check([lower, upper], settled=True)
        assert watch.all_alive is (i == 0), "of the readings, before the state is entered"
    assert changes == [Change(1, COLLAPSED, ALIVE)] and watch.states == (ALIVE, COLLAPSED)
    assert words(changes[0], upper) == "z2 is collapsed: 0 of 16 units active, 0.01 nats; was alive."
    assert words(Change(0, COLLAPSED, None), Seen(0, 4, None)) == "z1 has not woken up: 0 of 4 units active."


@pytest.mark.parametrize("cut", range(7))
def test_a_state_that_went_through_a_checkpoint_goes_on_as_if_nothing_was(cut: int) -> None:
    rows = [DEAD, FULL, FULL, FEW, FEW, DEAD, DEAD, FULL]
    whole, parts = Watch(RULE, 1), Watch(RULE, 1)
    for i, (active, nats) in enumerate(rows):
        seen = [Seen(active, 10, nats)]
        assert whole.check(seen, True) == parts.check(seen, True)
        if i == cut:
            kept = json.loads(json.dumps(parts.state_dict()))
            parts = Watch(RULE, 1)
            parts.load_state_dict(kept)
        assert whole.states == parts.states
