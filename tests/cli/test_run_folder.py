"""One run from the command line, and everything its folder must hold."""

import csv
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run

TRAIN = ["train", "data.batch_size=100", "trainer.max_epochs=2", "evaluation.iw_samples=10"]
QUICK = [*TRAIN, "trainer.limit_train_batches=3", "model.z_dims=[4,2]", "callbacks.history.every_n_steps=2"]
LOGGED = ["elbo", "reconstruction", "kl", "objective"]


@pytest.fixture
def folder(vaelab: Run, tmp_path: Path) -> Path:
    code, out, err = vaelab(*QUICK, "hydra.run.dir=run", "logger=[csv,wandb,tensorboard]", "encoder=bottom_up")
    assert code == 0, err
    assert (
        "epoch 2/2" in out
        and "note: the training batches" not in out
        and "everything lies in" in out
        and "iw_bound, K = 10" in out
    )
    return tmp_path / "run"


def history(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def wandb_rows(folder: Path) -> list[dict[str, float]]:
    """Read back with wandb's own reader."""
    (run,) = (folder / "wandb").glob("offline-run-*")
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(run)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    records = [json.loads(line) for line in out.splitlines()]
    return [record["history"]["item"] for record in records if record["type"] == "history"]


def tensorboard_rows(folder: Path) -> dict[tuple[str, int], float]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return {(tag, e.step): e.value for tag in events.Tags()["scalars"] for e in events.Scalars(tag)}


def test_a_run_folder_holds_all_of_it_and_every_mirror_agrees(folder: Path) -> None:
    for name in ("history.jsonl", "metrics.csv", "config.json", "evaluation.json", "DONE.json", ".hydra/config.yaml"):
        assert (folder / name).is_file(), name
    for name in ("checkpoints/best.ckpt", "checkpoints/last.ckpt"):
        assert (folder / name).is_file(), name
    for name in ("samples", "reconstructions", "coarse_to_fine"):
        assert (folder / "images" / f"{name}.png").stat().st_size > 2000

    rows = history(folder)
    layers = ["log_ratio/z1", "kl/z2"]
    alive = ["active_units/z1", "active_units/z2"]
    assert set(rows[0]) == {"step", "epoch", "train/lr", *(f"train/{k}" for k in [*LOGGED, *layers])}
    validation = [row for row in rows if "val/elbo" in row]
    assert [row["step"] for row in validation] == [3, 6]
    assert set(validation[0]) == {"step", "epoch", *(f"val/{k}" for k in [*LOGGED, *layers, *alive])}
    training = [row["step"] for row in rows if "train/elbo" in row]
    assert training == [2, 3, 4, 6], "every 2 steps, and before each validation"
    for row in rows:
        for stage in ("train", "val"):
            if f"{stage}/elbo" in row:
                assert row[f"{stage}/elbo"] == pytest.approx(row[f"{stage}/reconstruction"] - row[f"{stage}/kl"])
                assert row[f"{stage}/kl"] == pytest.approx(row[f"{stage}/log_ratio/z1"] + row[f"{stage}/kl/z2"])

    truth = {(k, row["step"]): v for row in rows for k, v in row.items() if k not in ("step", "epoch")}
    with open(folder / "metrics.csv") as file:
        table = {
            (k, int(row["step"])): float(v) for row in csv.DictReader(file) for k, v in row.items() if k != "step" and v
        }
    assert table == pytest.approx(truth)
    events = tensorboard_rows(folder)
    assert set(events) == set(truth)
    assert events == pytest.approx(truth, rel=1e-5)
    mirrored = {
        (k.replace(".", "/"), row["trainer/global_step"]): v
        for row in wandb_rows(folder)
        for k, v in row.items()
        if k.startswith(("train/", "val/", "test/", "collapse/"))
    }
    assert mirrored == pytest.approx(truth)


def test_evaluation_has_its_keys_and_they_add_up(folder: Path, vaelab: Run) -> None:
    code, out, err = vaelab("evaluate", f"run={folder}", "split=val", "iw_samples=50", "max_rows=500")
    assert code == 0, err
    assert json.loads((folder / "evaluation.json").read_text())["split"] == "test", "its own file"
    assert "val split, n = 500, best weights" in out
    report = json.loads((folder / "evaluation_val.json").read_text())
    for key in ("elbo", "reconstruction", "kl", "iw_bound"):
        assert set(report[key]) == {"value", "stderr"} and report[key]["stderr"] > 0
    assert report["iw_samples"] == 50 and report["n"] == 500 and report["seed"] == 0 and report["split"] == "val"
    assert report["weights"] == "best" and 1 <= report["effective_sample_size"] <= 50
    assert "bits_per_dim" not in report, "binarised images have none"
    assert [layer["layer"] for layer in report["layers"]] == ["z1", "z2"]
    assert "log_ratio" in report["layers"][0] and "kl" in report["layers"][1]
    assert all(0 <= layer["active_units"] <= layer["units"] for layer in report["layers"])
    total = report["reconstruction"]["value"] - report["kl"]["value"]
    assert report["elbo"]["value"] == pytest.approx(total)
    assert report["kl"]["value"] == pytest.approx(
        report["layers"][0]["log_ratio"]["value"] + report["layers"][1]["kl"]["value"]
    )
    assert report["iw_bound"]["value"] > report["elbo"]["value"]
    # the same figures again, to the bit
    code, _, _ = vaelab("evaluate", f"run={folder}", "split=val", "iw_samples=50", "max_rows=500")
    assert code == 0
    again = json.loads((folder / "evaluation_val.json").read_text())
    assert again == report


def test_evaluation_tells_what_each_layer_carries_and_other_weights_have_their_own_file(
    folder: Path, vaelab: Run
) -> None:
    before = (folder / "evaluation.json").read_bytes()
    few = ("iw_samples=2", "max_images=20", "information_images=30", "weights=last")
    code, out, err = vaelab("evaluate", f"run={folder}", *few)
    assert code == 0, err
    assert (folder / "evaluation.json").read_bytes() == before
    report = json.loads((folder / "evaluation_last.json").read_text())
    for layer in report["layers"]:
        assert layer["information"]["n"] == 30 and -0.5 < layer["information"]["value"] <= math.log(30) + 1e-6
        assert f"{layer['layer']} information, n = 30" in out
    assert "a whole number, 2 or above" in vaelab("evaluate", f"run={folder}", "information_images=1")[2]


def test_sample_draws_the_same_pictures_for_the_same_seed(folder: Path, vaelab: Run) -> None:
    pictures = []
    for temperature in ("0", "0", "[1,0.5]"):
        code, out, err = vaelab("sample", f"run={folder}", f"temperature={temperature}", "images=4")
        assert code == 0, err
        assert "coarse_to_fine" in out
        pictures.append((folder / "images" / "samples.png").read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]
    code, _, err = vaelab("sample", f"run={folder}", "temperature=[1,1,1]")
    assert code == 2 and "this model has 2 layers" in err


def test_sample_draws_each_kind_of_picture_and_refuses_what_does_not_fit(folder: Path, vaelab: Run) -> None:
    kinds = ["samples", "reconstructions", "coarse_to_fine", "resample", "interpolation", "traversal"]
    code, out, err = vaelab(
        "sample", f"run={folder}", f"pictures=[{','.join(kinds)}]", "images=4", "pictures.traversal.unit=2",
        "pictures.samples.truncation=1.5", "pictures.samples.rows=1", "pictures.interpolation.layers=[2]",
    )  # fmt: skip
    assert code == 0, err
    assert [line.split()[0] for line in out.strip().splitlines()] == kinds
    assert all((folder / "images" / f"{kind}.png").stat().st_size > 2000 for kind in kinds)
    before = {path.name: path.read_bytes() for path in (folder / "images").iterdir()}
    for overrides, words in (
        (["pictures=[traversal]", "pictures.traversal.unit=3"], "pictures.traversal.unit=3: z2 has units 1 to 2"),
        (["pictures=[traversal]", "pictures.traversal.layer=9"], "this model has 2 layers, z1 to z2"),
        (["pictures=[traversl]"], "did you mean traversal"),
        (["pictures.samples.truncation=0"], "pictures.samples.truncation must be a number above 0, or null, not 0"),
        (["pictures=[interpolation]", "pictures.interpolation.path=straight"], "one of spherical, linear"),
    ):
        code, _, err = vaelab("sample", f"run={folder}", "images=4", *overrides)
        assert code == 2 and words in err and len(err.strip().splitlines()) == 1, err
    assert {path.name: path.read_bytes() for path in (folder / "images").iterdir()} == before


def test_a_used_folder_is_left_alone_by_the_same_command_and_refused_to_another(folder: Path, vaelab: Run) -> None:
    def files() -> dict[Path, bytes]:
        found = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
        return {path: path.read_bytes() for path in found if "wandb" not in path.parts}  # its service may still write

    before = files()
    same = [*QUICK, "hydra.run.dir=run", "logger=[csv,wandb,tensorboard]", "encoder=bottom_up"]
    code, out, _ = vaelab(*same)
    assert code == 0 and "run is finished: elbo -" in out
    code, _, err = vaelab(*same, "seed=1")
    assert code == 2 and "seed: 0 → 1" in err and "vaelab train resume=" in err and "Traceback" not in err
    (folder / "config.json").rename(folder.parent / "config.json")
    code, _, err = vaelab(*same)
    assert code == 5 and "but not its config.json" in err
    (folder.parent / "config.json").rename(folder / "config.json")
    assert files() == before


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda f: (f / "checkpoints/best.ckpt").write_bytes(b"x" * 100), "damaged"),
        (lambda f: (f / "config.json").unlink(), "not a run folder"),
        (lambda f: (f / "config.json").write_text("{"), "cannot be read"),
        (lambda f: [p.unlink() for p in (f / "checkpoints").iterdir()], "no checkpoint"),
        (lambda f: _change(f, ["model", "z_dims"], [4, 3]), "does not fit the model"),
    ],
    ids=["damaged checkpoint", "no config", "torn config", "no checkpoint", "another model"],
)
def test_a_broken_run_folder_is_told_in_one_line(folder: Path, vaelab: Run, damage, words: str) -> None:  # type: ignore[no-untyped-def]
    damage(folder)
    code, _, err = vaelab("evaluate", f"run={folder}", "iw_samples=2")
    assert code == 5 and words in err
    assert len(err.strip().splitlines()) == 1


def _change(folder: Path, path: list[str], value: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    node = config
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    (folder / "config.json").write_text(json.dumps(config))


def test_the_same_command_gives_the_same_history(vaelab: Run, tmp_path: Path) -> None:
    for name in ("a", "b"):
        code, _, err = vaelab(*QUICK, f"hydra.run.dir={name}", "logger=[]", "~callbacks.pictures")
        assert code == 0, err
    assert (tmp_path / "a/history.jsonl").read_bytes() == (tmp_path / "b/history.jsonl").read_bytes()
    a, b = (json.loads((tmp_path / name / "evaluation.json").read_text()) for name in ("a", "b"))
    assert {**a, "run": ""} == {**b, "run": ""}


def test_a_sweep_gives_each_job_its_folder_and_its_own_wandb_run(vaelab: Run, tmp_path: Path) -> None:
    code, _, err = vaelab(
        QUICK[0], "-m", *QUICK[1:], "hydra.sweep.dir=sweep", "model=vae,hvae", "model.z_dims=[3]", "logger=wandb"
    )
    assert code == 0, err
    jobs = [tmp_path / "sweep" / name for name in ("model=vae", "model=hvae")]
    for job in jobs:
        assert (job / "DONE.json").is_file()
        assert len(list((job / "wandb").glob("offline-run-*"))) == 1
        (run,) = (job / "wandb").glob("offline-run-*/run-*.wandb")
        assert b"sweep" in run.read_bytes(), "in one group, which has the name of the sweep"
    a, b = ((job / "history.jsonl").read_text() for job in jobs)
    assert a == b, "a VAE is an HVAE of one layer"


def test_console_script_and_module_are_the_same_program(tmp_path: Path) -> None:
    env = {**os.environ, "COLUMNS": "80"}
    script = Path(sys.executable).with_name("vaelab")
    for command in ([str(script)], [sys.executable, "-m", "vaelab"]):
        out = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True, cwd=tmp_path, env=env)
        assert "evaluate" in out.stdout
        bad = subprocess.run([*command, "train", "model=hvea"], capture_output=True, text=True, cwd=tmp_path, env=env)
        assert bad.returncode == 2 and "did you mean hvae" in bad.stderr
    assert not (tmp_path / "outputs").exists() or not any((tmp_path / "outputs").rglob("*.json"))


def test_after_training_a_signal_ends_the_program_again(vaelab: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lightning leaves handlers of its own behind, under which the closing evaluation would not heed SIGTERM."""
    import signal

    import vaelab.train as door

    before, seen = signal.getsignal(signal.SIGTERM), []
    monkeypatch.setattr(door, "_finish", lambda *_: seen.append(signal.getsignal(signal.SIGTERM)) or 0.0)
    code, _, err = vaelab(*QUICK, "hydra.run.dir=run", "logger=[]", "~callbacks.pictures")
    assert code == 0, err
    assert seen == [before]
