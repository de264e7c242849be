"""The tasks that SLURM has started for a run, against the processes that its trainer wants."""

import os
from collections.abc import Mapping
from typing import Any

from vaelab.errors import ConfigError


def refuse_other_tasks(trainer: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> None:
    """Raise ConfigError where they differ: processes would wait for others in vain, or do the same work twice.

    Where SLURM counts no tasks, or in its interactive jobs, Lightning starts the processes itself.
    """
    devices, nodes = trainer.get("devices"), trainer.get("num_nodes", 1)
    counts = "SLURM_NTASKS" in environment and environment.get("SLURM_JOB_NAME") not in ("bash", "interactive")
    if not counts or type(devices) is not int or devices < 1:
        return
    tasks, by_srun = int(environment["SLURM_NTASKS"]), "SLURM_STEP_ID" in environment
    if (tasks if by_srun else 1) != devices * nodes:
        started = f"SLURM has started {tasks} of them" if by_srun else "no srun has started it"
        raise ConfigError(
            f"trainer.devices={devices} on trainer.num_nodes={nodes} is {devices * nodes} processes, but {started}. "
            f"Use srun and --ntasks-per-node={devices} --nodes={nodes} (in a sweep "
            f"hydra.launcher.tasks_per_node={devices} hydra.launcher.nodes={nodes}), or other devices."
        )
