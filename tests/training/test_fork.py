"""A new run that begins from another one's weights, and says what it took of them."""

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.crash import difference, forked, instants
from tests.training.test_resume import SMALL
from vaelab import compose
from vaelab.config.continuation import quoted, unquoted
from vaelab.config.fork import with_fork
from vaelab.errors import CheckpointError, ConfigError
from vaelab.training.build import build
from vaelab.training.fork import begin_from, forked_words
from vaelab.training.store import load, verify

SOURCE = [*SMALL, "model.z_dims=[3,2]", "callbacks=ema", "trainer.max_epochs=2"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fork") / "source"
    assert forked(compose(SOURCE), folder) == 0, Path(f"{folder}.log").read_text()
    return folder


def module_of(overrides: list[str]) -> Any:
    return build(compose(overrides)).module


def test_the_same_model_has_all_the_weights_of_the_best(source: Path) -> None:
    module = module_of(SOURCE)
    told = begin_from(module, source)
    best = load(source / "checkpoints" / "best.ckpt")
    assert all(torch.equal(value, best["state_dict"][name]) for name, value in module.state_dict().items())
    assert told["taken"] == told["weights"] > 5 and told["numbers_taken"] == told["numbers"]
    assert not told["missing"] and not told["unexpected"] and not told["other_shape"]
    manifest = verify(source / "checkpoints" / "best.ckpt")
    assert (told["sha256"], told["step"], told["average"]) == (manifest["sha256"], manifest["step"], True)


def test_what_does_not_fit_is_named_and_stays_as_it_was(source: Path) -> None:
    other = [*SOURCE, "model.z_dims=[4,2]", "prior=mixture"]
    module, fresh = module_of(other), module_of(other)
    told = begin_from(module, source)
    assert 0 < told["taken"] < told["weights"]
    assert told["missing"] and told["other_shape"]
    before, after = fresh.state_dict(), module.state_dict()
    for name in [*told["missing"], *told["other_shape"]]:
        assert torch.equal(before[name], after[name]), name
    assert sum(not torch.equal(before[name], after[name]) for name in before) > 0
    assert told["taken"] + len(told["missing"]) + len(told["other_shape"]) == told["weights"]


def test_without_a_good_best_the_last_is_taken_or_it_is_said_how(source: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(source, tmp_path / "copy"))
    best = folder / "checkpoints" / "best.ckpt"
    best.write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=r"best.ckpt is damaged: .* Take it away, and last.ckpt is used$"):
        begin_from(module_of(SOURCE), folder)
    best.unlink()
    module = module_of(SOURCE)
    told = begin_from(module, folder)
    assert told["checkpoint"] == "last.ckpt" and "(last.ckpt, moving average)" in forked_words(told)
    last = load(folder / "checkpoints" / "last.ckpt")
    assert all(torch.equal(value, last["state_dict"][name]) for name, value in module.state_dict().items())
    assert not all(torch.equal(value, last["current_model_state"][n]) for n, value in module.state_dict().items())


def test_nothing_that_fits_is_an_error(source: Path) -> None:
    with pytest.raises(CheckpointError, match="nothing of"):
        begin_from(torch.nn.Linear(2, 2), source)


def test_a_fork_that_was_killed_goes_on_from_its_own_weights(source: Path, tmp_path: Path) -> None:
    """Were the source's taken again, training would not end as if it had not been killed."""
    cfg = compose([*SOURCE, f"fork='{source}'", "optimizer.lr=0.01"])
    assert forked(cfg, tmp_path / "whole") == 0, Path(f"{tmp_path / 'whole'}.log").read_text()
    told = json.loads((tmp_path / "whole" / "forked_from.json").read_text())
    assert told["run"] == str(source.resolve()) and told["checkpoint"] == "best.ckpt"
    assert "begins from" in Path(f"{tmp_path / 'whole'}.log").read_text()
    fatal = int(0.6 * instants(tmp_path / "whole"))
    assert forked(cfg, tmp_path / "run", fatal=fatal) == -signal.SIGKILL
    assert forked(cfg, tmp_path / "run", resume=True) == 0, Path(f"{tmp_path / 'run'}.log").read_text()
    assert difference(tmp_path / "whole", tmp_path / "run") is None
    first = json.loads((tmp_path / "run" / "history.jsonl").read_text().splitlines()[0])
    assert first["step"] <= 3, "the record begins anew"


def test_the_arguments_of_the_source_are_said_again(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "it's"
    folder.symlink_to(source)
    (source / ".hydra").mkdir(exist_ok=True)
    said = ["model=vae", "model.z_dims=[3]", "+trainer.x=1", "fork=older", "objective.beta=2", "hydra.run.dir=a"]
    (source / ".hydra" / "overrides.yaml").write_text(json.dumps(said))
    (source / ".hydra" / "overrides.resume-1.yaml").write_text(json.dumps(["objective=iwae", "trainer.max_epochs=9"]))
    where = f"fork='{tmp_path}/it\\'s'"
    before = ["model=vae", "model.z_dims=[3]", "+trainer.x=1", "objective=iwae", "trainer.max_epochs=9"]
    assert with_fork([f"fork={folder}"]) == [*before, where]
    new = ["+trainer.x=2", "model.z_dims=[5]"]
    assert with_fork([f"fork={folder}", *new]) == [before[0], *before[3:], where, *new]
    assert with_fork(["model=hvae", f"fork={folder}", "--cfg", "job"]) == [
        "model=hvae",
        *before[2:],
        where,
        "--cfg",
        "job",
    ]
    sweep = ["-m", f"fork={folder}", "optimizer.lr=1e-3,1e-4"]
    assert with_fork(sweep) == ["-m", *before, where, "optimizer.lr=1e-3,1e-4"]
    assert with_fork(["fork=null", "seed=1"]) == ["fork=null", "seed=1"]
    assert with_fork(with_fork(sweep)) == with_fork(sweep), "a job of a sweep may be given them once more"
    for name in ("a", "a b", "it's", "a\\b", 'say "a"', "'"):
        assert unquoted(quoted(Path(name))) == unquoted(name) == Path(name)
    with pytest.raises(ConfigError, match="one of them"):
        with_fork([f"fork={folder}", "resume=b"])
    with pytest.raises(CheckpointError, match="fork=none does not exist"):
        with_fork(["fork=none"])
    for name in ("overrides.yaml", "overrides.resume-1.yaml"):
        (source / ".hydra" / name).unlink()


def test_a_sweep_of_forks(vaelab: Any, tmp_path: Path) -> None:
    plain = ["model=vae", "~callbacks.collapse", "trainer.max_epochs=1"]
    code, _, err = vaelab("train", *SMALL[:4], *SMALL[5:], *plain, "hydra.run.dir=a")
    assert code == 0, err
    code, out, err = vaelab("train", "-m", "fork=a", "optimizer.lr=1e-3,1e-4", "model.z_dims=[4]", "hydra.sweep.dir=b")
    assert code == 0 and out.count("begins from") == 2, err
    assert "of another shape" in out
    configs = [json.loads(path.read_text()) for path in sorted((tmp_path / "b").glob("*/config.json"))]
    assert sorted(config["optimizer"]["lr"] for config in configs) == [1e-4, 1e-3]
    for config in configs:
        assert config["data"]["batch_size"] == 256 and config["fork"] == "a" and config["model"]["z_dims"] == [4]
    before = sorted(path for path in tmp_path.rglob("*"))
    wider = ["encoder.net.widths=[9]", "decoder.net.widths=[9]", "model.z_dims=[5]", "data=shapes"]
    code, _, err = vaelab("train", "fork=a", *wider)
    assert code == 5 and "nothing of" in err
    assert [path for path in tmp_path.rglob("config.json") if path not in before] == [], "no half-made run"
