"""Tasks of SLURM and processes of a run."""

import pytest

from vaelab.config.tasks import refuse_other_tasks
from vaelab.errors import ConfigError
from vaelab.rank import is_first

STEP = {"SLURM_JOB_NAME": "vaelab", "SLURM_STEP_ID": "0"}


@pytest.mark.parametrize(
    ("devices", "nodes", "environment"),
    [
        (2, 1, {}),  # Lightning starts them
        (2, 1, {"SLURM_NTASKS": "1", "SLURM_JOB_NAME": "interactive"}),
        (2, 2, {**STEP, "SLURM_NTASKS": "4"}),
        (1, 1, {**STEP, "SLURM_NTASKS": "1"}),
        (1, 1, {"SLURM_NTASKS": "8", "SLURM_JOB_NAME": "x"}),  # a script that has asked for eight cores
        ("auto", 1, {**STEP, "SLURM_NTASKS": "3"}),
    ],
)
def test_what_goes_together(devices: object, nodes: int, environment: dict[str, str]) -> None:
    refuse_other_tasks({"devices": devices, "num_nodes": nodes}, environment)


@pytest.mark.parametrize(
    ("devices", "environment", "told"),
    [
        (2, {**STEP, "SLURM_NTASKS": "1"}, "SLURM has started 1 of them"),
        (1, {**STEP, "SLURM_NTASKS": "4"}, "SLURM has started 4 of them"),
        (2, {"SLURM_NTASKS": "2"}, "no srun has started it"),
    ],
)
def test_what_does_not(devices: int, environment: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        refuse_other_tasks({"devices": devices}, environment)


def test_one_process_of_all_nodes_is_the_first() -> None:
    assert is_first({}) and is_first({"SLURM_PROCID": "0", "LOCAL_RANK": "0"})
    assert not is_first({"SLURM_PROCID": "2"}) and not is_first({"LOCAL_RANK": "1"})
    assert not is_first({"NODE_RANK": "1", "LOCAL_RANK": "0"})
    assert not is_first({"TORCHELASTIC_RUN_ID": "x", "LOCAL_RANK": "0", "RANK": "4"})
