"""What is told of a folder that is no run folder, and which checkpoint some weights are."""

from pathlib import Path

import pytest

from vaelab.config.run_folder import find_checkpoint, read_config, runs_below
from vaelab.errors import CheckpointError


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")


def test_a_sweep_names_one_of_its_runs(tmp_path: Path) -> None:
    sweep = tmp_path / "day" / "sweep"
    made(sweep, *(f"{i}/config.json" for i in range(11)), "multirun.yaml", ".hydra/config.yaml")
    with pytest.raises(CheckpointError) as caught:
        read_config(sweep)
    assert str(caught.value) == f"run={sweep} is a sweep of 11 runs: name one, such as run={sweep / '0'}"
    assert [path.name for path in runs_below(sweep)] == [str(i) for i in range(11)]
    with pytest.raises(CheckpointError, match=r"day holds 11 runs: name one, such as run=.*/0$"):
        read_config(tmp_path / "day")
    with pytest.raises(CheckpointError, match="is not a run folder"):
        read_config(sweep / ".hydra")


def test_the_checkpoint_of_some_weights(tmp_path: Path) -> None:
    made(tmp_path, "checkpoints/last.ckpt")
    assert find_checkpoint(tmp_path, "best").name == "last.ckpt"
    assert find_checkpoint(tmp_path, "raw").name == "last.ckpt"
    with pytest.raises(CheckpointError, match=r"no checkpoint alive.ckpt: at no check .* Use weights=best or"):
        find_checkpoint(tmp_path, "alive")
    made(tmp_path, "checkpoints/alive.ckpt")
    assert find_checkpoint(tmp_path, "alive").name == "alive.ckpt"
