"""A warm-up that begins again is the first one, later."""

import pytest

from tests.factory import hierarchy, images
from vaelab.objective import Beta, Constant, Cyclical, Elbo, KlBalancing, Linear, Sigmoid
from vaelab.objective.objective import Objective
from vaelab.objective.schedule import Restarted, Schedule

SCHEDULES = [
    Linear(start=0.2, end=3.0, warmup_steps=7),
    Cyclical(end=1.0, cycle_steps=4, cycles=2, ramp=0.5),
    Sigmoid(start=0.0, end=1.0, midpoint_steps=5, steepness=2.0),
]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_restarted_is_the_same_so_many_steps_later(schedule: Schedule) -> None:
    twice = Restarted(Restarted(schedule, 5), 30)
    for step in range(20):
        assert twice(30 + step) == schedule(step)
        assert twice.settled(30 + step) is schedule.settled(step)
    assert not twice.settled(30) and twice.settled(60)


@pytest.mark.parametrize("kind", [Beta, KlBalancing])
def test_an_objective_restarted_weighs_the_kl_as_at_first(kind: type[Beta] | type[KlBalancing]) -> None:
    terms = hierarchy([3, 2])(images(5))
    objective, fresh = (kind(schedule=Linear(start=0.0, end=1.0, warmup_steps=10)) for _ in range(2))
    assert objective.warms_up and objective.settled(100)
    objective.restart(100)
    assert objective.warms_up and not objective.settled(100) and objective.settled(110)
    for step in (0, 4, 10):
        assert objective(terms, 100 + step).equal(fresh(terms, step))


@pytest.mark.parametrize("objective", [Elbo(), Beta(schedule=Constant(value=2.0))])
def test_what_does_not_warm_up_has_nothing_to_restart(objective: Objective) -> None:
    assert not objective.warms_up
    before = objective(terms := hierarchy([3])(images(5)), 9)
    objective.restart(7)
    assert objective(terms, 9).equal(before)
