"""What happens around training: the record, the bar, checkpoints, pictures, signals, collapse."""

from vaelab.callbacks.checkpoints import Checkpoints
from vaelab.callbacks.collapse import CollapseMonitor
from vaelab.callbacks.ema import Ema
from vaelab.callbacks.history import History
from vaelab.callbacks.interrupt import Interrupt, Interrupted
from vaelab.callbacks.noise import Noise
from vaelab.callbacks.pictures import Pictures
from vaelab.callbacks.progress import Progress

__all__ = [
    "Checkpoints",
    "CollapseMonitor",
    "Ema",
    "History",
    "Interrupt",
    "Interrupted",
    "Noise",
    "Pictures",
    "Progress",
]
