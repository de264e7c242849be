"""The mirrors of a run that was killed and resumed have each figure once, at its step."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.callbacks.offline import records
from tests.training.crash import forked, instants
from tests.training.test_resume import SMALL
from vaelab import compose
from vaelab.training.last import newest

OVERRIDES = [
    *(one for one in SMALL if not one.startswith(("logger", "callbacks.history"))),
    *("model=vae", "logger=[tensorboard,wandb]", "callbacks.history.every_n_steps=1", "~callbacks.collapse"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Killed some steps after a state, and resumed from it."""
    root, cfg = tmp_path_factory.mktemp("mirrors"), compose(OVERRIDES)
    assert forked({**cfg, "logger": None}, root / "whole", every=6) == 0, Path(f"{root / 'whole'}.log").read_text()
    for percent in range(50, 90, 5):
        folder = root / f"killed at {percent} %"
        assert forked(cfg, folder, fatal=percent * instants(root / "whole") // 100, every=6) == -signal.SIGKILL
        if steps(folder)[-1][0] > newest(folder / "checkpoints")[1]["step"] + 1:
            break
    time.sleep(1.1)  # the files of TensorBoard are ordered by the second
    assert forked(cfg, folder, every=6, resume=True) == 0, Path(f"{folder}.log").read_text()
    assert (folder / "history.orphan-1.jsonl").read_text(), "steps were trained twice"
    return folder


def steps(run: Path) -> list[tuple[int, float]]:
    lines = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    return [(line["step"], line["train/elbo"]) for line in lines if "train/elbo" in line]


def test_tensorboard(run: Path) -> None:
    module: Any = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    assert len(list((run / "tensorboard").glob("events*"))) >= 2
    events = module.EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0}).Reload()
    got = [(event.step, event.value) for event in events.Scalars("train/elbo")]
    assert [step for step, _ in got] == [step for step, _ in steps(run)] == list(range(1, 16))
    assert [value for _, value in got] == pytest.approx([value for _, value in steps(run)], rel=1e-6)


def test_wandb(run: Path) -> None:
    """A second offline folder of the same id, whose steps go on: `wandb sync` of both joins them."""
    first, _ = sorted((run / "wandb").glob("offline-run-*"))
    first.rename(run / first.name)
    rows, ids = [], set()
    for record in records(run):
        if record.WhichOneof("record_type") == "run":
            ids.add(record.run.run_id)
        if record.WhichOneof("record_type") == "history":
            row = {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
            if "train/elbo" in row:
                rows.append((row["trainer/global_step"], row["train/elbo"]))
    (run / first.name).rename(first)
    (only,) = ids
    assert only == (run / "wandb_id").read_text().strip() and first.name.endswith(f"-{only}")
    parts = [json.loads(line) for line in (run / "segments.jsonl").read_text().splitlines()]
    assert rows == steps(run)[parts[1]["from_step"] :] and 0 < len(rows) < 15
