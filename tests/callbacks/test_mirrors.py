"""Every logger is a mirror of history.jsonl: the same keys, steps and values, and the same pictures."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.callbacks.offline import records
from vaelab import compose
from vaelab.train import train

OVERRIDES = [
    *("data=digits", "model.z_dims=[3,2]", "encoder.net.widths=[8]", "decoder.net.widths=[8]"),
    *("logger=[csv,wandb,tensorboard]", "trainer.max_epochs=2", "evaluation.iw_samples=2"),
    *("callbacks.history.every_n_steps=4", "callbacks.pictures.images=4", "threads=1"),
]
Line = tuple[int, dict[str, float]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mirrors") / "run"
    train(compose(OVERRIDES), folder)
    return folder


@pytest.fixture(scope="module")
def lines(run: Path) -> list[Line]:
    """(step, figures) of every line of the history."""
    found = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    return [(line["step"], {k: v for k, v in line.items() if k not in ("step", "epoch")}) for line in found]


def test_the_history_has_what_is_mirrored(lines: list[Line]) -> None:
    """The other tests compare with it: it must not be empty of anything."""
    keys = {key for _, figures in lines for key in figures}
    terms = [f"{stage}/kl/z{i}" for stage in ("train", "val", "test") for i in (1, 2)]
    monitor = ["val/information_images"] + [
        f"{key}/z{i}" for key in ("val/information", "val/marginal_kl", "collapse") for i in (1, 2)
    ]
    assert keys >= {"train/elbo", "val/elbo", "test/elbo", "test/iw_bound", "train/lr", *terms, *monitor}
    assert len({step for step, _ in lines}) > 3


def test_wandb(run: Path, lines: list[Line]) -> None:
    rows = [
        (row["trainer/global_step"], {k: v for k, v in row.items() if k[0] != "_" and k != "trainer/global_step"})
        for row in _rows(run)
    ]
    assert [row for row in rows if not _media(row[1])] == lines


def test_tensorboard(run: Path, lines: list[Line]) -> None:
    events = _events(run)
    want: dict[str, list[tuple[int, float]]] = {}
    for step, figures in lines:
        for key, value in figures.items():
            want.setdefault(key, []).append((step, value))
    assert set(events.Tags()["scalars"]) == set(want)
    for key, points in want.items():
        # one point a step: where the history has two, the later is kept; values are float32
        got = [(event.step, event.value) for event in events.Scalars(key)]
        assert [step for step, _ in got] == [step for step, _ in points]
        assert [value for _, value in got] == pytest.approx([value for _, value in points], rel=1e-6)


def test_csv(run: Path, lines: list[Line]) -> None:
    with open(run / "metrics.csv", newline="") as file:
        rows = [
            (int(row["step"]), {k: float(v) for k, v in row.items() if v and k not in ("step", "epoch")})
            for row in csv.DictReader(file)
        ]
    # Lightning puts the keys of a step in one row where they do not clash
    merged: dict[int, dict[str, float]] = {}
    for step, figures in lines:
        merged.setdefault(step, {}).update(figures)
    got: dict[int, dict[str, float]] = {}
    for step, figures in rows:
        got.setdefault(step, {}).update(figures)
    assert got == merged


def test_pictures_are_in_both_as_they_are_in_the_folder(run: Path) -> None:
    files = {f"images/{path.stem}": path for path in (run / "images").glob("*.png")}
    files = {key.replace("images/units_", "units/"): path for key, path in files.items()}
    assert set(files) == {"images/samples", "images/reconstructions", "images/coarse_to_fine", "units/z1", "units/z2"}
    last = {key: name for row in _rows(run) for key, name in _media(row).items()}
    events = _events(run)
    assert set(last) == set(events.Tags()["images"]) == set(files)
    (wandb_files,) = (run / "wandb").glob("offline-run-*/files")
    for key, path in files.items():
        want = _pixels(path)
        np.testing.assert_array_equal(_pixels(wandb_files / last[key]), want)
        shown = events.Images(key)[-1]
        assert (shown.height, shown.width) == want.shape[:2]


def test_the_config_is_in_wandb_under_its_own_keys(run: Path) -> None:
    """The columns of a dashboard are named by them: config.optimizer.value.lr."""
    config: dict[str, Any] = {}
    for record in records(run):
        if record.WhichOneof("record_type") == "config":
            config |= {item.key: json.loads(item.value_json) for item in record.config.update if item.key}
    want = json.loads((run / "config.json").read_text())
    assert {key: config.get(key) for key in want} == want


def _rows(run: Path) -> list[dict[str, Any]]:
    """What each call of wandb.log recorded, with wandb's own keys beside."""
    rows = [record.history.item for record in records(run) if record.WhichOneof("record_type") == "history"]
    return [{item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in row} for row in rows]


def _media(row: dict[str, Any]) -> dict[str, str]:
    """{a picture's name: its file}."""
    end = "/filenames"
    return {key.removesuffix(end): value[0] for key, value in row.items() if key.endswith(end)}


def _pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def _events(run: Path) -> Any:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0, "images": 0})
    return events.Reload()


def test_a_run_that_goes_on_is_the_same_run_of_wandb(tmp_path: Path) -> None:
    import wandb

    from vaelab.logger.wandb import Wandb

    ids = []
    for _ in range(2):
        logger = Wandb(str(tmp_path), project="p", name=None, group=None, tags=None, mode="offline")
        logger.log_hyperparams({"seed": 0})
        ids.append(logger.experiment.id)
        wandb.finish()
    assert ids[0] == ids[1] == (tmp_path / "wandb_id").read_text().strip()
