"""A training run as a program of its own, whose processes Lightning starts, with a fault in one of them.

python program.py <folder> <rank> <what> [overrides]: `what` is "error" or "data", at the fourth step of that rank or
before there are processes to train together.
"""

import os
import sys
from pathlib import Path
from typing import Any

from vaelab import compose
from vaelab.other_rank import as_rank
from vaelab.rank import is_first


def main() -> None:
    from vaelab.errors import DataError
    from vaelab.train import train
    from vaelab.training.modules import HVAE

    folder, rank, what, *overrides = sys.argv[1:]
    real = HVAE.training_step

    def fails(self: HVAE, batch: Any, batch_idx: int) -> Any:
        if self.global_step == 3:
            raise ValueError("boom on one rank")
        return real(self, batch, batch_idx)

    if os.environ.get("LOCAL_RANK", "0") == rank:
        if what == "data":
            raise DataError("x.png is damaged here alone")
        HVAE.training_step = fails  # type: ignore[method-assign]
    train(compose(overrides), Path(folder), is_first())


if __name__ == "__main__":
    as_rank(main)
