"""Where z_l comes from, and under which density.

Everything one does with a hierarchy is the same loop with another proposal: an encoder's for training and
reconstruction, `Ancestral` for sampling, `Split` for the top layers kept and the rest drawn again, `Clamped` for
layers that are given, `Placed` for layers whose place in p is given. Layers count from 0, next to the data.
"""

from vaelab.proposal.ancestral import Ancestral
from vaelab.proposal.clamped import Clamped
from vaelab.proposal.placed import Placed, moments, place
from vaelab.proposal.proposal import Drawn, Proposal
from vaelab.proposal.split import Split

__all__ = ["Ancestral", "Clamped", "Drawn", "Placed", "Proposal", "Split", "moments", "place"]
