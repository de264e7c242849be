"""Objectives: functions of (terms, step), in nats per image, to be maximised."""

from vaelab.objective.beta import Beta
from vaelab.objective.dreg import Dreg
from vaelab.objective.elbo import Elbo
from vaelab.objective.free_bits import FreeBits
from vaelab.objective.geco import Geco
from vaelab.objective.info_vae import InfoVae
from vaelab.objective.iwae import Iwae
from vaelab.objective.kl_balancing import KlBalancing
from vaelab.objective.objective import Objective
from vaelab.objective.schedule import Constant, Cyclical, Linear, Sigmoid
from vaelab.objective.tcvae import TcVae

__all__ = [
    "Beta",
    "Constant",
    "Cyclical",
    "Dreg",
    "Elbo",
    "FreeBits",
    "Geco",
    "InfoVae",
    "Iwae",
    "KlBalancing",
    "Linear",
    "Objective",
    "Sigmoid",
    "TcVae",
]
