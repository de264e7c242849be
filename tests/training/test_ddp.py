"""Two processes: one folder, and the figures of one process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# a learning rate that moves nothing: what is compared is the counting
STILL = [
    "train",
    "trainer.max_epochs=1",
    "optimizer.lr=1e-30",
    "logger=csv",
    "~callbacks.pictures",
    "data.batch_size=100",
]


def test_two_processes_count_every_image_once(tmp_path: Path) -> None:
    script = str(Path(sys.executable).with_name("vaelab"))
    ddp = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2", "trainer.limit_train_batches=2"]
    rows = {}
    for name, extra in (("one", ["trainer.limit_train_batches=2"]), ("two", ddp)):
        command = [script, *STILL, *extra, f"hydra.run.dir={name}", "evaluation.iw_samples=2"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ}, timeout=250)
        assert done.returncode == 0, done.stderr
        lines = (tmp_path / name / "history.jsonl").read_text().splitlines()
        rows[name] = [json.loads(line) for line in lines]
        assert (tmp_path / name / "DONE.json").exists()
        assert sorted(p.name for p in tmp_path.iterdir()) == sorted(rows), "no second folder"
    for one, two in zip(rows["one"], rows["two"], strict=True):
        assert one.keys() == two.keys()
        for key, value in one.items():
            if not key.startswith("train/"):  # other batches
                assert two[key] == pytest.approx(value, rel=1e-6), key
