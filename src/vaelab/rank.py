"""Which of several processes this one is, as far as its environment says so. Imports no torch."""

import os
from collections.abc import Mapping


def is_first(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process is the first, or the only one, of all processes on all nodes: it writes and speaks.

    torchrun gives every process a rank. Lightning numbers those that it starts by node and on each node, SLURM's srun
    gives SLURM_PROCID, which a plain sbatch script has too and hands to all that Lightning starts: none may be above 0.
    """
    if "TORCHELASTIC_RUN_ID" in environment:
        return environment.get("RANK", "0") == "0"
    return all(environment.get(name, "0") == "0" for name in ("SLURM_PROCID", "NODE_RANK", "LOCAL_RANK"))
