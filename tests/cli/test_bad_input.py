"""Bad input: the exit code, one clear paragraph that names the setting, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run

CONFIG = [
    (["modle=hvae"], ["modle", "did you mean model"]),
    (["model=hvea"], ["model=hvea", "did you mean hvae"]),
    (["trainer.max_epohcs=3"], ["did you mean trainer.max_epochs"]),
    (["experiment=linear_vea"], ["linear_vea", "linear_vae"]),
    (["+data.pathh=3"], ["data has no setting 'pathh'"]),
    (["data.batch_size=abc"], ["data.batch_size", "whole number", "'abc'"]),
    (["data.batch_size=0"], ["data.batch_size", "1 or above"]),
    (["optimizer.lr=fast"], ["optimizer.lr", "'fast'"]),
    (["optimizer.lr=-1", "trainer.max_epochs=0"], ["2 faults", "optimizer.lr", "trainer.max_epochs"]),
    (["model.z_dims=[0]"], ["model.z_dims[0]", "1 or above"]),
    (["model.z_dims=[]"], ["model.z_dims"]),
    (["model.z_dims=0"], ["model.z_dims"]),
    (["model=vae", "model.z_dims=[4,2]"], ["one latent layer", "model=hvae"]),
    (["data=arrays"], ["data.path is not set"]),
    (["likelihood=gaussian", "likelihood.variance=0"], ["likelihood.variance", "above 0"]),
    (["likelihood=continuous_bernoulli", "data.transform=static_binarisation"], ["continuous_bernoulli", "mnist5k"]),
    (["data.transform=none"], ["likelihood=bernoulli takes", "data=mnist5k"]),
    (["objective=free_bits", "encoder=bottom_up"], ["free_bits", "encoder=top_down"]),
    (["model.z_dims=[3"], ["model.z_dims"]),
    (["data=digits", "trainer.accelerator=gqu"], ["trainer.accelerator=gqu", "invalid accelerator name", "cuda"]),
    (["data=digits", "trainer.strategy=fsdp"], ["trainer.strategy=fsdp", "ddp", "docs/cluster.md"]),
    (["seed=1,2"], ["-m"]),
    (["-m", "hydra.sweeper.params={seed:5}"], ["hydra.sweeper.params={seed:5}", "plainly", "seed=0,1,2"]),
    (["-m", "+hydra.sweeper.params.seed=range(0,2)"], ["plainly", "seed=0,1,2"]),
    (["-m", "+hydra.sweeper.params.seed=[1,2]"], ["hydra.sweeper.params.seed=[1,2]: ", "plainly"]),
    (["-m", "hydra.sweep.dir=a,b"], ["hydra.sweep.dir=a,b", "the same for all jobs"]),
]


@pytest.mark.parametrize(("overrides", "words"), CONFIG, ids=[" ".join(overrides) for overrides, _ in CONFIG])
def test_a_config_that_cannot_be_is_code_2(overrides: list[str], words: list[str], vaelab: Run, tmp_path: Path) -> None:
    code, _, err = vaelab("train", *overrides)
    assert code == 2
    for word in words:
        assert word in err
    assert "Traceback" not in err and len(err.strip().splitlines()) <= 4
    assert not [p for p in tmp_path.rglob("*") if p.is_file()], "nothing is left behind"


def npz(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


def floats(n: int = 60, side: int = 4) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, side, side)).astype(np.float32)


def bad_pixel() -> np.ndarray:
    x = floats()
    x[17, 2, 1] = np.nan
    return x


DATA = {
    "missing path": (lambda f: f / "nope.npz", ["data.path", "nope.npz"]),
    "not an array file": (lambda f: (f / "x.npz").write_text("hello") and f / "x.npz", ["x.npz"]),
    "NaN": (lambda f: npz(f / "x.npz", train=bad_pixel(), val=floats(), test=floats()), ["NaN", "17", "x.npz"]),
    "empty split": (lambda f: npz(f / "x.npz", train=floats(), val=floats(0), test=floats()), ["val", "empty"]),
    "shapes differ": (lambda f: npz(f / "x.npz", train=floats(), val=floats(side=5), test=floats()), ["val", "5"]),
}


@pytest.mark.parametrize("case", DATA)
def test_data_that_cannot_be_used_are_code_4(case: str, vaelab: Run, tmp_path: Path) -> None:
    make, words = DATA[case]
    path = make(tmp_path)
    code, _, err = vaelab("train", "data=arrays", f"data.path={path}", "likelihood=gaussian", "hydra.run.dir=run")
    assert code == 4, err
    for word in words:
        assert word in err
    assert "Traceback" not in err and len(err.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists(), "no half-made run folder stays"


def test_divergence_is_code_6_and_keeps_the_last_good_checkpoint(vaelab: Run, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", 1e18 * floats(200))
    code, _, err = vaelab(
        "train", "data=arrays", "data.path=x.npz", "likelihood=gaussian", "likelihood.variance=1e-30", "logger=csv",
        "hydra.run.dir=run", "data.batch_size=20",
    )  # fmt: skip
    assert code == 6, err
    assert "not finite" in err and "optimizer.lr" in err
    assert not (tmp_path / "run" / "DONE.json").exists()


def test_config_errors_answer_at_once_and_without_torch(tmp_path: Path) -> None:
    # two compositions of Hydra (0.4 s each on a quiet machine), which it needs itself, and little more
    ours = (
        "import sys, time; t = time.process_time(); from vaelab.cli import run; code = run(sys.argv[1:]); "
        "print(code, 'torch' in sys.modules, time.process_time() - t)"
    )
    hydras = (
        "import sys, time; t = time.process_time(); import hydra; from vaelab.config.paths import CONF; "
        "hydra.initialize_config_dir(str(CONF), version_base='1.3'); hydra.compose('train', sys.argv[2:]); "
        "print(time.process_time() - t)"
    )
    overrides = ["train", "optimizer.lr=-1", "likelihood=gaussian", "data.transform=none"]
    ratios = []
    for _ in range(3):
        ours_said, hydras_said = (
            subprocess.run([sys.executable, "-c", p, *overrides], capture_output=True, text=True, cwd=tmp_path).stdout
            for p in (ours, hydras)
        )
        code, torch, seconds = ours_said.split()
        assert (code, torch) == ("2", "False")
        ratios.append(float(seconds) / float(hydras_said))
    assert min(ratios) < 2.5


def test_help_lists_the_groups(vaelab: Run) -> None:
    for door, group in (
        ("train", "likelihood: bernoulli"),
        ("evaluate", "iw_samples: 5000"),
        ("sample", "temperature"),
    ):
        code, out, _ = vaelab(door, "--help")
        assert code == 0 and group in out


def test_tab_completion_knows_groups_and_settings(tmp_path: Path) -> None:
    script = f"""
    export PATH={Path(sys.executable).parent}:$PATH
    eval "$(vaelab completion)"
    complete_line() {{
        COMP_LINE="$1"; COMP_WORDS=($1); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 )); COMP_POINT=${{#COMP_LINE}}
        _vaelab; echo "${{COMPREPLY[@]}}"
    }}
    complete_line "vaelab ev"
    complete_line "vaelab train model="
    complete_line "vaelab train trainer.max_ep"
    complete_line "vaelab evaluate iw_"
    """
    out = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path).stdout.splitlines()
    assert out[0] == "evaluate"
    assert out[1].split() == ["model=deep", "model=hvae", "model=vae"]
    assert out[2].split() == ["trainer.max_epochs="]
    assert out[3].split() == ["iw_samples="]


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)
def test_a_signal_saves_says_where_and_leaves_with_its_code(tmp_path: Path, signum: signal.Signals) -> None:
    script = str(Path(sys.executable).with_name("vaelab"))
    command = [script, "train", "hydra.run.dir=run", "trainer.max_epochs=5000", "logger=csv"]
    with open(tmp_path / "out", "w") as out:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=out, stderr=out, env={**os.environ})
        deadline = time.time() + 120
        while time.time() < deadline and not (tmp_path / "run" / "history.jsonl").exists():
            time.sleep(0.1)
        process.send_signal(signum)
        code = process.wait(60)
    text = (tmp_path / "out").read_text()
    assert code == 128 + signum, text
    assert f"stopped by {signum.name}" in text and "Traceback" not in text
    assert (tmp_path / "run" / "checkpoints" / "last.ckpt").is_file()
    assert json.loads((tmp_path / "run" / "STOPPED.json").read_text())["signal"] == signum.name
    assert not (tmp_path / "run" / "DONE.json").exists()
    for line in (tmp_path / "run" / "history.jsonl").read_text().splitlines():
        json.loads(line)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB')", "data.batch_size=128"),
        ("RuntimeError('[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate')", "batch_size"),
        ("OSError(28, 'No space left on device', 'x.ckpt')", "x.ckpt"),
    ],
    ids=["GPU memory", "host memory", "disk"],
)
def test_exhausted_resources_are_code_3(
    error: str, words: str, vaelab: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import torch

    from vaelab.training.modules import HVAE

    def fail(*args: object) -> None:
        raise eval(error, {"torch": torch})

    monkeypatch.setattr(HVAE, "training_step", fail)
    code, _, err = vaelab("train", "logger=[]", "hydra.run.dir=run")
    assert code == 3 and words in err
    assert "Traceback" not in err and len(err.strip().splitlines()) == 1
    assert not (tmp_path / "run" / "DONE.json").exists()
