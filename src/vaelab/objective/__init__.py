"""Objectives: functions of (terms, step), in nats per image, to be maximised."""

from vaelab.objective.beta import Beta
from vaelab.objective.elbo import Elbo
from vaelab.objective.free_bits import FreeBits
from vaelab.objective.objective import Objective
from vaelab.objective.schedule import Constant, Cyclical, Linear

__all__ = ["Beta", "Constant", "Cyclical", "Elbo", "FreeBits", "Linear", "Objective"]
