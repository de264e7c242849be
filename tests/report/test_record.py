import json
from pathlib import Path

from tests.report.folders import picture
from vaelab.report.record import MOST_POINTS, Record, natural


def write(folder: Path, rows: list[dict[str, object]]) -> Record:
    (folder / "history.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Record(folder)


def test_a_series_holds_finite_values_at_their_steps_and_epochs_from_one(tmp_path: Path) -> None:
    rows = [{"step": 10 * i, "epoch": i, "val/elbo": None if i == 1 else -float(i)} for i in range(4)]
    series = write(tmp_path, [*rows, {"step": 40, "epoch": 4, "train/elbo": 1.0}]).series("val/elbo")
    assert (series.step, series.epoch, series.value) == ([0, 20, 30], [1, 3, 4], [0, -2, -3])


def test_the_evaluation_after_training_is_no_point_of_a_curve(tmp_path: Path) -> None:
    rows = [{"step": 9, "epoch": 2, "val/elbo": -2.0}, {"step": 9, "epoch": 3, "val/elbo": -1.0, "val/iw_bound": -0.5}]
    record = write(tmp_path, rows)
    assert record.series("val/elbo").value == [-2] and record.series("val/elbo").epoch == [3]
    assert record.last("val/iw_bound") == -0.5


def test_a_long_series_is_thinned_and_keeps_its_end(tmp_path: Path) -> None:
    n = 7 * MOST_POINTS + 3
    series = write(tmp_path, [{"step": i, "epoch": 0, "train/kl": i} for i in range(n)]).series("train/kl")
    assert MOST_POINTS / 2 < len(series) <= MOST_POINTS
    assert series.step[-1] == n - 1
    assert {b - a for a, b in zip(series.step, series.step[1:], strict=False)} == {8}


def test_layers_count_as_people_do_and_know_their_term(tmp_path: Path) -> None:
    row = {"step": 1, "epoch": 0} | {f"val/kl/z{i}": 1.0 for i in range(2, 12)} | {"val/log_ratio/z1": -1.0}
    record = write(tmp_path, [row])
    assert record.layers == [f"z{i}" for i in range(1, 12)]
    assert record.term("z1") == "log_ratio" and record.term("z2") == "kl"
    assert sorted(["z10", "z9", "a"], key=natural) == ["a", "z9", "z10"]


def test_pictures_of_an_epoch_are_not_the_last_ones(tmp_path: Path) -> None:
    for name in ("samples", "samples_epoch0010"):
        picture(tmp_path / "images" / f"{name}.png", 0)
    assert [path.name for path in Record(tmp_path).pictures] == ["samples.png"]


def test_an_empty_folder_is_an_empty_record(tmp_path: Path) -> None:
    record = Record(tmp_path)
    assert not record.config and not record.history and not record.evaluations and not record.layers
    assert not record.series("val/elbo") and record.last("val/elbo") is None and record.part("gap") == {}
