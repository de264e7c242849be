"""Folders of sweeps and jobs."""

import pytest

from vaelab.config.flags import is_sweep
from vaelab.errors import ConfigError
from vaelab.sweep.arguments import with_sweep
from vaelab.sweep.names import LONG, job_name, sweep_name


def test_a_job_is_named_by_what_was_set_for_it_in_whatever_order() -> None:
    one = job_name(["seed=1", "+trainer.val_check_interval=3", "model=vae"], {"model"})
    assert one == "trainer.val_check_interval=3,seed=1"
    assert one == job_name(["model=hvae", "+trainer.val_check_interval=3", "seed=1"], {"model"})
    assert job_name(["model.z_dims=[32,16]", "objective/schedule=linear", "data.path='a b/c'"]) == (
        "data.path=a-b-c,model.z_dims=32-16,objective-schedule=linear"
    )
    assert job_name(["hydra.verbose=true"]) == "job"


def test_a_long_name_is_cut_and_told_apart_by_a_hash() -> None:
    long = [f"callbacks.collapse.setting_{i}={i}" for i in range(9)]
    one, other = job_name(long), job_name([*long[:-1], "callbacks.collapse.setting_8=9"])
    assert one != other and one[:60] == other[:60]
    assert max(len(one), len(other)) < LONG
    assert one == job_name(reversed(long))


def test_no_name_leads_out_of_the_sweep() -> None:
    for value in ("../../evil", "/etc/passwd", "a\0b", "a\nb"):
        name = job_name([f"data.path={value}"])
        assert "/" not in name and "\0" not in name and "\n" not in name and name.startswith("data.path=")


def test_the_same_command_has_the_same_folder_and_another_one_another() -> None:
    def folder(*arguments: str) -> str:
        (found,) = [one for one in with_sweep(["-m", *arguments]) if one.startswith("hydra.sweep.dir=")]
        return found

    usual = folder("seed=0,1", "model=vae")
    assert usual.startswith("hydra.sweep.dir='outputs/sweeps/seed-")
    assert usual == folder("model=vae", "seed=0,1") == folder("model=vae", "seed=0,1", "hydra/launcher=parallel")
    assert usual != folder("model=hvae", "seed=0,1") and usual != folder("seed=0,1,2", "model=vae")
    assert folder("sweep=tpe") == folder("sweep=tpe", "hydra.sweeper.n_trials=99")
    assert sweep_name(["x"], ["a"]) != sweep_name(["x"], ["b"])


def test_common_keys_are_no_part_of_a_name() -> None:
    said = with_sweep(["-m", "seed=range(0,3)", "model.z_dims=[3],[3,2]", "model=vae", "data.path='a,b'", "+x=[1,2]"])
    assert said[1] == "hydra.job.config.override_dirname.exclude_keys=['model','data.path','x']"


def test_a_single_job_has_a_name_and_flags_keep_their_values() -> None:
    assert with_sweep(["-m", "seed=0"])[1].endswith("exclude_keys=[]")
    said = with_sweep(["seed=0,1", "--config-dir", "mine", "-m"])
    assert said[:3] == ["--config-dir", "mine", "-m"] and said[-1] == "seed=0,1"
    with pytest.raises(ConfigError, match="--cfg only shows"):
        with_sweep(["-m", "--cfg", "job", "seed=0,1"])


@pytest.mark.parametrize(
    ("arguments", "sweeps"),
    [
        (["-m", "seed=0,1"], True),
        (["--multirun"], True),
        (["sweep=tpe"], True),
        (["sweep=null"], False),
        (["sweep=tpe", "hydra.mode=RUN"], False),
        (["seed=1"], False),
    ],
)
def test_what_is_a_sweep(arguments: list[str], sweeps: bool) -> None:
    assert is_sweep(arguments) is sweeps
    assert (with_sweep(arguments) != arguments) is sweeps
