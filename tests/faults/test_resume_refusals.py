"""What a run may not go on with is refused before anything is touched, with the command that is meant instead."""

import json
import os
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.crash import forked
from tests.training.test_resume import SMALL
from vaelab import compose
from vaelab.config.again import value
from vaelab.config.continuation import changes
from vaelab.config.difference import NOTHING, Change
from vaelab.errors import ConfigError
from vaelab.resume import _settings
from vaelab.training import store
from vaelab.training.resume import later_weights
from vaelab.training.segments import other_machine

TYPED = [*SMALL, "model=vae", "~callbacks.collapse", "trainer.max_epochs=1"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("refusals") / "a run"
    assert forked(compose(TYPED), folder) == 0, Path(f"{folder}.log").read_text()
    (folder / ".hydra").mkdir()
    (folder / ".hydra" / "overrides.yaml").write_text(json.dumps(TYPED))
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy, one epoch long, below the working folder."""
    shutil.copytree(finished, tmp_path / "a run")
    return tmp_path / "a run"


def files(folder: Path) -> dict[Path, bytes]:
    """What a run wrote; the lock is of whoever looked last."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


@pytest.mark.parametrize(
    ("typed", "difference"),
    [
        ("data.batch_size=64", "data.batch_size: 256 → 64"),
        ("model.z_dims=[5]", "model.z_dims: [20] → [5]"),
        ("posterior=full_covariance", "posterior._target_: "),
    ],
)
def test_another_model_or_batch_is_refused_and_forks(vaelab: Any, run: Path, typed: str, difference: str) -> None:
    before = files(run)
    code, _, err = vaelab("train", "resume=a run", "trainer.max_epochs=2", typed)
    assert code == 2 and difference in err and "conf/ was edited" not in err, err
    assert files(run) == before
    command = shlex.split(err.partition("from its weights: ")[2])
    assert command == ["vaelab", "train", "fork=a run", "trainer.max_epochs=2", typed]
    code, out, err = vaelab(*command[1:], "hydra.run.dir=b")
    assert code == 0 and "begins from" in out, err
    told = json.loads(Path("b/forked_from.json").read_text())
    assert 0 < told["taken"] <= told["weights"] and told["run"] == str(run.resolve())
    assert json.loads(Path("b/config.json").read_text())["trainer"]["max_epochs"] == 2
    assert files(run) == before


@pytest.mark.parametrize("gone", ["optimizer.gone=3", "encoder=gone"])
def test_what_conf_no_longer_takes_is_told_as_of_the_run(vaelab: Any, run: Path, gone: str) -> None:
    (run / ".hydra" / "overrides.yaml").write_text(json.dumps([*TYPED, gone]))
    before = files(run)
    code, _, err = vaelab("train", "resume=a run", "trainer.max_epochs=2")
    assert code == 2 and "gone" in err and "Traceback" not in err and files(run) == before
    assert "this was typed when the run began" in err and ".hydra/overrides*.yaml" in err, err
    # what is typed now is not
    code, _, err = vaelab("train", "resume=a run", "optimizer.gnoe=3")
    assert code == 2 and ("typed when" in err) == ("gnoe" not in err), err


def test_a_fork_that_begins_again_says_where_its_source_is_another(vaelab: Any, run: Path) -> None:
    command = ["train", "fork=a run", "hydra.run.dir=b"]
    code, out, err = vaelab(*command)
    assert code == 0, err
    for path in (Path("b/DONE.json"), *Path("b/checkpoints").glob("*")):
        path.unlink()
    code, out, err = vaelab(*command)
    assert code == 0 and "no state was written yet: begins again" in out and "has trained on" not in out, err
    for path in (Path("b/DONE.json"), *Path("b/checkpoints").glob("*")):
        path.unlink()
    told = json.loads(Path("b/forked_from.json").read_text())
    Path("b/forked_from.json").write_text(json.dumps({**told, "sha256": "of before", "step": 4}))
    code, out, err = vaelab(*command)
    assert code == 0 and "note: this run first began from step 4 of that one, which has trained on" in out, err


def test_another_learning_rate_or_objective_is_a_continuation(vaelab: Any, run: Path) -> None:
    typed = ["trainer.max_epochs=2", "optimizer.lr=0.5", "objective=beta", "objective/schedule=constant"]
    code, out, err = vaelab("train", "resume=a run", *typed)
    assert code == 0 and "optimizer.lr: 0.001 → 0.5, from step" in out and "conf/ was edited" not in out, err
    # objective=elbo takes away what belonged to objective=beta
    code, out, err = vaelab("train", "resume=a run", "trainer.max_epochs=3", "objective=elbo")
    assert code == 0 and "optimizer.lr:" not in out, err


def test_what_conf_says_otherwise_since_is_told_apart(vaelab: Any, run: Path) -> None:
    """As if conf/ had had another optimiser, and other networks, when the run began."""
    config = json.loads((run / "config.json").read_text())
    config["optimizer"]["betas"] = [0.5, 0.6]
    (run / "config.json").write_text(json.dumps(config))
    code, out, err = vaelab("train", "resume=a run", "trainer.max_epochs=2", "optimizer.lr=0.01")
    assert code == 0, err
    assert "optimizer.betas: [0.5, 0.6] → [0.9, 0.999] (conf/ was edited since), from step" in out
    assert "optimizer.lr: 0.001 → 0.01, from step" in out
    config = json.loads((run / "config.json").read_text())
    config["trainer"]["gradient_clip_val"] = 5.0
    config["encoder"]["net"] |= {"depth": 1, "gone": [1, "a b"]}
    del config["encoder"]["net"]["norm"], config["trainer"]["num_sanity_val_steps"]
    config["decoder"]["net"]["depth"] = 3
    (run / "config.json").write_text(json.dumps(config))
    before = files(run)
    code, _, err = vaelab("train", "resume=a run", "trainer.max_epochs=3", "seed=1")
    assert code == 2 and files(run) == before
    assert "seed: 0 → 1; " in err and "Leave out what was typed, keep what was: " in err
    assert "decoder.net.depth: 3 → 1 (conf/ was edited since)" in err
    kept = shlex.split(err.partition("keep what was: ")[2].partition("; or begin")[0])
    assert sorted(kept) == [
        *("+encoder.net.gone=[1,'a b']", "decoder.net.depth=3", "trainer.gradient_clip_val=5.0"),
        *("~encoder.net.norm", "~trainer.num_sanity_val_steps"),
    ]
    asked = [one for one in kept if "gradient_clip" in one or "sanity" in one]
    for gone, value_of in (("encoder", {"norm": "layer"}), ("decoder", {"depth": 1})):
        config[gone]["net"] |= value_of
    del config["encoder"]["net"]["gone"]
    (run / "config.json").write_text(json.dumps(config))
    code, _, err = vaelab("train", "resume=a run", "trainer.max_epochs=3")
    assert code == 2 and "trainer.gradient_clip_val: 5.0 → (none) (conf/ was edited since)" in err
    code, out, err = vaelab("train", "resume=a run", "trainer.max_epochs=3", *asked)
    assert code == 0 and "conf/ was edited" not in out, err


def test_values_are_typed_as_hydra_reads_them() -> None:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parse = OverridesParser.create().parse_override
    for one in (
        1,
        1e-5,
        -3.0,
        True,
        None,
        "a",
        "true",
        "3",
        "it's",
        "a,b",
        "",
        [1, "x y", None],
        [{"a": 1, "b": "c d"}],
    ):
        assert parse(f"k={value(one)}").value() == one, value(one)


def test_what_is_typed_now_is_not_taken_for_an_edit_of_conf() -> None:
    old: dict[str, Any] = {"seed": 0, "optimizer": {"lr": 1.0}}
    now: dict[str, Any] = {"seed": 0, "optimizer": {"lr": 2.0}, "objective": {"a": 1}}
    marked = {c.key: c.edited for c in changes(old, now, {"optimizer": {"lr": 3.0}, "objective": {"a": 1}})}
    assert marked == {"optimizer.lr": False, "objective.a": True}
    with pytest.raises(ConfigError, match=r"differ: seed: 0 → 1\. Leave them out; or begin a new run"):
        changes(old, {**old, "seed": 1})


def test_what_acts_on_training_alone_is_refused_where_none_is_left(vaelab: Any, run: Path) -> None:
    before = files(run)
    code, _, err = vaelab("train", "resume=a run", "optimizer.lr=0.5", "evaluation.iw_samples=3")
    assert code == 2 and "optimizer.lr: 0.001 → 0.5 acts on training alone" in err and "iw_samples" not in err
    assert files(run) == before


def test_a_finished_run_without_its_states_is_not_begun_again(vaelab: Any, run: Path) -> None:
    for path in (run / "checkpoints").glob("last*"):
        path.unlink()
    before = files(run)
    code, _, err = vaelab("train", "resume=a run", "trainer.max_epochs=2")
    assert code == 5 and "has no last.ckpt any more" in err and f"vaelab train 'fork={run}'" in err
    # nor one that went on once, and was killed since
    (run / "DONE.json").unlink()
    (run / "segments.jsonl").write_text('{"segment": 1, "from_step": 0}\n{"segment": 2, "from_step": 6}\n')
    code, _, err = vaelab("train", "resume=a run", "trainer.max_epochs=2")
    assert code == 5 and "has no last.ckpt any more" in err
    assert set(files(run)) == set(before) - {run / "DONE.json"}


def test_settings_that_are_not_known_any_more_are_asked_for(vaelab: Any, run: Path) -> None:
    """As in a copy by `cp run/*`, which leaves .hydra behind."""
    config = json.loads((run / "config.json").read_text())
    config["optimizer"]["lr"] = 0.01
    (run / "config.json").write_text(json.dumps(config))
    shutil.rmtree(run / ".hydra")
    before = files(run)
    code, _, err = vaelab("train", "resume=a run", "trainer.max_epochs=2", *TYPED[:-1])
    assert code == 2 and "a run/.hydra/overrides.yaml, with what was typed for this run, is gone" in err
    assert "optimizer.lr=0.01" in err.partition("eep what was: ")[2] and files(run) == before
    code, out, err = vaelab("train", "resume=a run", *TYPED[:-1], "trainer.max_epochs=2", "optimizer.lr=0.01")
    assert code == 0 and "optimizer.lr" not in out, err
    shutil.rmtree(run / ".hydra")
    code, out, err = vaelab("train", *TYPED, "fork=a run", "hydra.run.dir=b")
    assert code == 0 and "note: what was typed for a run is not known" in out, err


def test_what_was_made_of_the_end_before_is_not_taken_for_that_of_a_later_one(vaelab: Any, run: Path) -> None:
    for name in ("diagnosis.json", "report.html"):
        (run / name).write_text("{}")
    code, out, err = vaelab("train", "resume=a run", "trainer.max_epochs=2")
    assert code == 0 and "of its end before, and made anew at the next: diagnosis.json, report.html" in out, err
    assert not (run / "report.html").exists()


def test_figures_that_are_missing_are_told(vaelab: Any, run: Path) -> None:
    record = (run / "history.jsonl").read_bytes()
    (run / "history.jsonl").write_bytes(record[:10])
    code, out, err = vaelab("train", "resume=a run", "trainer.max_epochs=2")
    assert code == 0 and f"history.jsonl has lost {len(record) - 10} bytes since this state" not in err
    assert "history.jsonl has lost " in out and "figures are missing" in out, err


def test_a_pipe_is_not_waited_for(vaelab: Any, run: Path) -> None:
    for name in ("history.jsonl", "DONE.json", ".hydra/overrides.yaml"):
        (run / name).rename(run / f"{name}.kept")
        os.mkfifo(run / name)
        for command in (["train", "resume=a run"], ["report", "a run"], ["evaluate", "a run"]):
            code, _, err = vaelab(*command)
            assert code == 5 and f"a run/{name} is no regular file" in err, (name, command, err)
        (run / name).unlink()
        (run / f"{name}.kept").rename(run / name)


def test_pieces_that_are_gone_are_said_once() -> None:
    gone = [Change(f"diagnosis.analyses.surgery.{key}", 1, NOTHING) for key in ("_target_", "images")]
    one = Change("diagnosis.analyses.units.threshold", 0.01, NOTHING)
    kept = Change("diagnosis.analyses.units.images", 1, 2)
    assert _settings([*gone, one, kept], "diagnosis") == (
        " '~analyses.surgery' '~analyses.units.threshold' analyses.units.images=2"
    )


def test_later_weights_are_those_of_another_way(run: Path) -> None:
    best = run / "checkpoints" / "best.ckpt"
    step = store.verify(best)["step"]
    assert later_weights(run, step) == [] and later_weights(run, step - 1) == [best]
    shutil.copy(best, best.with_name("alive.ckpt"))
    assert later_weights(run, step - 1) == [best, best.with_name("alive.ckpt")], "one without its manifest"


def test_a_finished_run_names_what_comes_next(vaelab: Any, run: Path) -> None:
    before = files(run)
    elbo = json.loads((run / "DONE.json").read_text())["elbo"]
    code, out, err = vaelab("train", "resume=a run")
    assert code == 0 and f"is finished: elbo {elbo:.2f}" in out, err
    assert "vaelab train 'resume=a run' trainer.max_epochs=" in out and "vaelab evaluate 'run=a run' iw" in out
    code, out, err = vaelab("train", "resume=a run", "evaluation.iw_samples=3", "evaluation.split=val", "report=true")
    assert code == 0 and "vaelab evaluate 'run=a run' split=val iw_samples=3; vaelab report 'a run'" in out, err
    assert files(run) == before


@pytest.mark.parametrize("content", [b"", b"{", b'{"seed": 0, "mod', b"[]", b"null", b'{"seed": 0}', b"\xff\xfe"])
def test_a_half_written_config_is_named(vaelab: Any, run: Path, content: bytes) -> None:
    (run / "config.json").write_bytes(content)
    for command in (["train", "resume=a run"], ["train", "fork=a run"], ["evaluate", "a run"], ["sample", "a run"]):
        code, _, err = vaelab(*command)
        assert code == 5 and "a run/config.json cannot be read: " in err and len(err.splitlines()) == 1, err


def test_checkpoints_without_a_config_are_told(vaelab: Any, run: Path) -> None:
    (run / "config.json").unlink()
    for command in (["train", "resume=a run"], ["train", "fork=a run"], ["evaluate", "a run"]):
        code, _, err = vaelab(*command)
        assert code == 5 and "its config.json is missing" in err and len(err.splitlines()) == 1, err
    assert not list(run.parent.glob("outputs*"))


def test_another_machine_is_told_and_the_run_goes_on(vaelab: Any, run: Path) -> None:
    first = json.loads((run / "segments.jsonl").read_text())
    machine = first["machine"]
    assert (first["segment"], first["from_step"], first["overrides"]) == (1, 0, [])
    assert machine["torch"] == torch.__version__ and machine["threads"] == 1 and machine["processes"] == 1
    edited = {**machine, "torch": "1.0", "threads": 64}
    (run / "segments.jsonl").write_text(json.dumps({**first, "machine": edited}) + '\n{"segment": 2, "from_')
    code, out, err = vaelab("train", "resume=a run", "trainer.max_epochs=2")
    assert code == 0, err
    assert f"note: torch 1.0 → {torch.__version__}, threads 64 → 1: training goes on, but not bit by bit" in out
    _, second = map(json.loads, (run / "segments.jsonl").read_text().splitlines())
    assert (second["segment"], second["overrides"]) == (2, ["trainer.max_epochs=2"])
    assert second["from_step"] == first_step(run) and second["machine"] == machine and second["data"] == first["data"]
    code, out, err = vaelab("train", "resume=a run", "trainer.max_epochs=3")
    assert code == 0 and "bit by bit" not in out, err
    (run / "segments.jsonl").unlink()  # a run of before there was one
    code, out, err = vaelab("train", "resume=a run", "trainer.max_epochs=4")
    assert code == 0 and "bit by bit" not in out, err


def first_step(run: Path) -> int:
    """At which its first epoch ended."""
    rows = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    return next(row["step"] for row in rows if "val/elbo" in row)


def test_code_that_is_another_may_round_the_same(run: Path) -> None:
    machine = json.loads((run / "segments.jsonl").read_text())["machine"]
    assert other_machine(run, machine) is None
    note = other_machine(run, {**machine, "vaelab": "9.9"})
    assert note == f"note: vaelab {machine['vaelab']} → 9.9: training goes on, but perhaps not bit by bit"


def test_other_data_are_refused_on_resuming_and_told_on_evaluating(vaelab: Any, tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((60, 6, 6)) < 0.5
    np.savez(tmp_path / "x.npz", train=x[:40], val=x[40:50], test=x[50:])
    typed = ["data=arrays", "data.path=x.npz", "data.batch_size=10", *TYPED[2:], "hydra.run.dir=a"]
    code, _, err = vaelab("train", *typed)
    assert code == 0, err
    before = files(tmp_path / "a")
    x[0, 0, 0] ^= True
    for train, words in ((x[:40], "train split of other pixels"), (x[:39], "train split 40 → 39 images")):
        np.savez(tmp_path / "x.npz", train=train, val=x[40:50], test=x[50:])
        code, _, err = vaelab("train", "resume=a", "trainer.max_epochs=2")
        assert code == 4 and f"the data have changed since this run began: {words}. " in err, err
        assert "vaelab train fork=" in err and files(tmp_path / "a") == before
        code, out, err = vaelab("evaluate", "a", "iw_samples=2", "split=val")
        assert code == 0 and f"note: the data have changed since this run began: {words}" in out, err
        (tmp_path / "a" / "evaluation_val.json").unlink()
    code, out, err = vaelab("train", "fork=a", "hydra.run.dir=b")
    assert code == 0 and "the data have changed" not in out, err
    x[0, 0, 0] ^= True
    np.savez(tmp_path / "y.npz", train=x[:40], val=x[40:50], test=x[50:])
    code, out, err = vaelab("train", "resume=a", "trainer.max_epochs=2", "data.path=y.npz")
    assert code == 0 and "data.path: x.npz → y.npz" in out and "the data have changed" not in out, err
    # of whatever the file says
    (tmp_path / "a" / "segments.jsonl").write_text('{"data": {"train": 3, "val": {"images": "?"}}, "machine": {}}\n')
    code, out, err = vaelab("evaluate", "a", "iw_samples=2")
    assert code == 0 and "val split ? → 10 images" in out, err
