"""What a run's lines become on the page, at a fixed width."""

import io
import json
import os
import re
import time
from pathlib import Path

import pytest
from rich.console import Console, Group

from tests.terminal.made import append, epoch_lines, run_folder
from vaelab.errors import CheckpointError
from vaelab.terminal.duration import duration
from vaelab.terminal.folders import differing, overrides, runs_in, shortened
from vaelab.terminal.glyphs import ASCII, UNICODE, Glyphs
from vaelab.terminal.run_view import run_view, share
from vaelab.terminal.sweep_view import sweep_view
from vaelab.terminal.watched import Watched


def printed(page: Group, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False)
    console.print(page)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def seen(folder: Path, width: int = 80, height: int = 24, signs: Glyphs = UNICODE) -> list[str]:
    run = Watched(folder)
    run.refresh()
    return printed(run_view(run, width, height, signs), width)


def row(lines: list[str], first: str) -> list[str]:
    return next(line.split() for line in lines if line.split()[:1] == [first])


def test_every_figure_is_that_of_the_newest_line(tmp_path: Path) -> None:
    lines = seen(run_folder(tmp_path / "r", epochs=6))
    before, now = epoch_lines(4), epoch_lines(5)
    change = now[1]["val/elbo"] - before[1]["val/elbo"]
    assert row(lines, "elbo") == ["elbo", f"{now[0]['train/elbo']:.2f}", f"{now[1]['val/elbo']:.2f}", f"{change:+.2f}"]
    assert row(lines, "z1") == ["z1", "4.50", "2.50", "1.50", "3", "of", "4", "alive", "█▅▃▁"]
    assert row(lines, "z2") == ["z2", "0.17", "0.17", "0.25", "0", "of", "3", "collapsed", "▁▁▁"]
    assert any("epoch 6 of 10" in line and "step 180" in line for line in lines)
    assert "epoch 3: z2 is fading; was alive" in lines and "epoch 5: z2 is collapsed; was fading" in lines
    assert "HVAE z1[4] ← z2[3], bernoulli, mnist5k, elbo" in lines


@pytest.mark.parametrize("signs", [UNICODE, ASCII])
@pytest.mark.parametrize(("width", "height"), [(80, 23), (80, 20), (60, 15), (140, 39), (200, 60)])
@pytest.mark.parametrize("layers", [1, 2, 7, 30])
def test_it_fits(tmp_path: Path, width: int, height: int, layers: int, signs: Glyphs) -> None:
    folder = run_folder(tmp_path / "r", model={"z_dims": [3] * layers})
    more = {f"val/kl/z{i}": 1.0 for i in range(1, layers + 1)}
    append(folder / "history.jsonl", {"step": 180, "epoch": 5, **more, "val/kl": None, "collapse/z1": 2})
    lines = seen(folder, width, height, signs)
    assert len(lines) <= max(height, 17) and max(map(len, lines)) <= width
    if signs is ASCII:
        assert all(line.isascii() for line in lines)
    shown = [line for line in lines if re.match(r"z\d+ ", line)]
    hidden = next((int(line.split()[1]) for line in lines if "more layers" in line), 0)
    assert len(shown) + hidden == max(layers, 2)
    assert any(f"elbo, nats an image: train {'t' if signs is ASCII else 'd'}" in line for line in lines) or height < 24


@pytest.mark.parametrize("rows", range(4, 60))
def test_rows_are_shared_without_one_too_many(rows: int) -> None:
    for layers in range(0, 60):
        shown, high = share(rows, layers)
        block = 2 + shown + (shown < layers) if layers else 0
        assert block + (2 + high if high else 0) <= max(rows, 4)
        assert 0 <= shown <= layers and (shown or not layers) and (high == 0 or 5 <= high <= 14)
        assert shown == layers or rows < layers + 9


def test_nothing_but_the_words_hangs_on_colour(tmp_path: Path) -> None:
    text = "\n".join(seen(run_folder(tmp_path / "r")))
    for word in ("alive", "collapsed", "train dotted", "val solid"):
        assert word in text


def test_a_layer_without_a_kl_is_named_and_shows_its_variance(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "r", epochs=0)
    place = {"step": 30, "epoch": 0}
    append(folder / "history.jsonl", {**place, "val/elbo": -9.0, "val/log_ratio/z1": 4.25, "val/kl/z2": 0.5})
    layers = [
        {"layer": "z1", "kl": None, "variance": [1.0, 0.0], "active": [True, False]},
        {"layer": "z2", "kl": [0.4], "variance": [0.3], "active": [True]},
    ]
    append(folder / "units.jsonl", {**place, "layers": layers})
    lines = seen(folder)
    assert row(lines, "z1") == ["z1", "log_ratio", "4.25", "█▁"]
    assert row(lines, "z2") == ["z2", "kl", "0.50", "█"]
    assert "units by kl or variance" in next(line for line in lines if line.startswith("layer"))


def test_a_run_that_has_not_begun_says_so(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    assert "waiting for the run to begin" in seen(tmp_path / "r")[0]
    assert "waiting for the first figures" in seen(run_folder(tmp_path / "s", epochs=0))[0]


def test_states_of_a_run(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "r", epochs=6)
    assert seen(folder)[0].endswith("training")
    long_ago = time.time() - 4000
    os.utime(folder / "history.jsonl", (long_ago, long_ago))
    lines = seen(folder)
    assert lines[0].endswith("silent") and "no new figures for 1 h 6 min: stopped, or very slow" in lines
    for epoch in range(6, 10):
        append(folder / "history.jsonl", *epoch_lines(epoch))
    assert seen(folder)[0].endswith("evaluating")
    append(folder / "history.jsonl", {"step": 300, "epoch": 10, "test/elbo": -101.5, "val/iw_bound": -101.0})
    (folder / "DONE.json").write_text("{}")
    lines = seen(folder)
    assert lines[0].endswith("finished") and row(lines, "elbo")[-1] == "-101.50"
    assert any("epoch 10 of 10" in line for line in lines)


def watched(folder: Path) -> Watched:
    run = Watched(folder)
    run.refresh()
    return run


def test_a_stopped_run_says_where_and_by_what(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "r", epochs=6)
    (folder / "STOPPED.json").write_text(json.dumps({"signal": "SIGINT", "step": 165, "epoch": 6}))
    long_ago = time.time() - 4000
    for name in ("config.json", "history.jsonl"):
        os.utime(folder / name, (long_ago, long_ago))
    lines = seen(folder)
    assert lines[0].endswith("stopped at step 165 by SIGINT")
    assert not any("left" in line or "no new figures" in line or "steps/s" in line for line in lines)
    assert watched(folder).over and not watched(folder).finished
    (folder / "config.json").touch()
    assert not watched(folder).over and seen(folder)[0].endswith("silent"), "it was begun again"


def test_a_run_has_finished_once_its_page_is_there(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "r", epochs=10, report=True, diagnosis={"analyses": {}})
    assert watched(folder).state == "evaluating"
    (folder / "DONE.json").write_text("{}")
    assert watched(folder).state == "diagnosing" and not watched(folder).over
    (folder / "diagnosis.json").write_text("{}")
    assert watched(folder).state == "writing its report" and not watched(folder).over
    (folder / "report.html").write_text("")
    assert watched(folder).state == "finished" and watched(folder).over
    # a page of before DONE.json is none; one that never comes is not waited for
    now = time.time()
    os.utime(folder / "report.html", (now - 9, now - 9))
    assert not watched(folder).over
    os.utime(folder / "DONE.json", (now - 121, now - 121))
    assert watched(folder).over
    for name, config in (("s", {"report": False}), ("t", {})):
        folder = run_folder(tmp_path / name, epochs=10, **config)
        (folder / "DONE.json").write_text("{}")
        assert watched(folder).state == "finished" and watched(folder).over


def test_a_silent_run_has_no_remaining_time(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "r", epochs=6)
    now = time.time()
    for seconds, name in ((4090, "config.json"), (4000, "history.jsonl")):
        os.utime(folder / name, (now - seconds, now - seconds))
    assert watched(folder).state == "silent" and watched(folder).seconds_left is None
    assert not any(" left" in line for line in seen(folder))


def test_at_80_columns_the_settings_of_a_sweep_are_readable(tmp_path: Path) -> None:
    for i in range(2):
        said = (f"likelihood.variance={i}.1", f"objective.schedule.value={i}")
        run_folder(tmp_path / f"2026-01-01_long_name_{i}", epochs=6, overrides=said)
    runs = [watched(path) for path in runs_in(tmp_path)]
    wide = printed(sweep_view(tmp_path, runs, 120, 24, UNICODE), 120)
    assert wide[1].split() == ["run", "epoch", "val", "elbo", "kl", "active", "state", "settings"]
    narrow = printed(sweep_view(tmp_path, runs, 80, 24, UNICODE), 80)
    assert narrow[2].endswith("variance=0.1 value=0") and narrow[3].endswith("variance=1.1 value=1")
    assert max(map(len, narrow)) <= 80 and "val elbo" in narrow[1] and "collapsed" in narrow[2]


def test_a_resumed_run_forgets_what_was_cut_off(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "r", epochs=6)
    run = Watched(folder)
    run.refresh()
    (folder / "history.jsonl").write_text("")
    append(folder / "history.jsonl", *epoch_lines(0), *epoch_lines(1))
    run.refresh()
    lines = printed(run_view(run, 80, 30, UNICODE), 80)
    assert any("epoch 2 of 10" in line and "step 60" in line for line in lines)
    assert "the history was begun again: the run was resumed" in lines and run.record.state("z2") == "alive"

    append(folder / "segments.jsonl", {"segment": 1, "from_step": 0}, {"segment": 2, "from_step": 30})
    run.refresh()
    lines = printed(run_view(run, 80, 30, UNICODE), 80)
    assert "resumed at step 30" in lines and "the history was begun again: the run was resumed" not in lines


def test_a_figure_that_is_not_finite_is_told_and_the_last_good_one_stays(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "r", epochs=1)
    append(folder / "history.jsonl", {"step": 31, "epoch": 1, "train/elbo": None, "train/kl": float("nan")})
    lines = seen(folder)
    assert "step 31: train/elbo was not finite" in lines and "step 31: train/kl was not finite" in lines
    assert row(lines, "elbo")[1] == f"{epoch_lines(0)[0]['train/elbo']:.2f}"


def test_the_rate_and_what_is_left(tmp_path: Path) -> None:
    """180 steps of 300 in 90 seconds: 2 steps a second, 60 seconds to go."""
    folder = run_folder(tmp_path / "r", epochs=6)
    now = time.time()
    os.utime(folder / "config.json", (now - 90, now - 90))
    os.utime(folder / "history.jsonl", (now, now))
    run = Watched(folder)
    run.refresh()
    assert run.steps_per_second == pytest.approx(2, rel=1e-3) and run.seconds_left == pytest.approx(60, rel=1e-3)
    # from here on at the rate that is seen: 30 steps in 10 seconds
    append(folder / "history.jsonl", *epoch_lines(6))
    os.utime(folder / "history.jsonl", (now + 10, now + 10))
    run.refresh()
    assert run.steps_per_second == pytest.approx(3) and run.seconds_left == pytest.approx(30)


def test_strange_figures_break_nothing(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "r", epochs=1, model=None, trainer={"max_epochs": -1})
    strange = {"step": None, "epoch": "x", "val/elbo": "high", "collapse/z1": 7, "val/kl/z1": True, "val/kl/zz": 1}
    append(folder / "history.jsonl", strange, {})
    append(folder / "units.jsonl", {"layers": "z1"}, {"layers": [3, {"layer": "z1", "kl": ["a"]}]})
    assert any("epoch 1 " in line for line in seen(folder))


def test_a_config_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "r")
    (folder / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"config\.json cannot be read"):
        seen(folder)


def test_a_sweep_has_a_line_a_run_and_the_settings_that_differ(tmp_path: Path) -> None:
    for i, end in enumerate((0.5, 4.0)):
        said = ("objective=beta", f"objective.schedule.end={end}", "hydra.run.dir=x")
        run_folder(tmp_path / f"{9 + i}", epochs=2 + 4 * i, overrides=said)
    (tmp_path / "9" / "DONE.json").write_text("{}")
    runs = [Watched(path) for path in runs_in(tmp_path)]
    for run in runs:
        run.refresh()
    lines = printed(sweep_view(tmp_path, runs, 100, 24, UNICODE), 100)
    assert lines[0].endswith("1 of 2 runs finished")
    elbos = [f"{epoch_lines(epoch)[1]['val/elbo']:.2f}" for epoch in (1, 5)]
    assert row(lines, "9") == ["9", "2/10", elbos[0], "4.60", "3/2", "finished", "end=0.5"]
    assert row(lines, "10") == ["10", "6/10", elbos[1], "4.67", "3/0", "training,", "z2", "collapsed", "end=4.0"]
    short = printed(sweep_view(tmp_path, runs, 60, 4, UNICODE), 60)
    assert len(short) == 4 and "1 runs above" in short[1] and max(map(len, short)) <= 60


def test_settings_are_printed_as_they_are(tmp_path: Path) -> None:
    """Square brackets are markup to rich, and escapes are orders to a terminal."""
    folder = run_folder(tmp_path / "[red]", epochs=1)
    said = ["logger=[csv]", "name='[/red] [bold]x'", "t=a\n\x1b[31m"]
    (folder / ".hydra" / "overrides.yaml").write_text(json.dumps(said))
    lines = seen(folder)
    assert "logger=[csv] name='[/red] [bold]x' t=a??[31m" in lines and lines[0].endswith("[red]  training")
    run = Watched(folder)
    run.refresh()
    text = printed(sweep_view(tmp_path, [run], 140, 24, UNICODE), 140)
    assert text[2].startswith("[red] ") and text[2].endswith("logger=[csv] name='[/red] [bold]x' t=a??[31m")


def test_runs_are_found_in_order_and_not_within_runs(tmp_path: Path) -> None:
    for name in ("10", "9", "2026-01-01/12-00-00", "9/images"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.json").write_text("{}")
    names = [str(path.relative_to(tmp_path)) for path in runs_in(tmp_path)]
    assert names == ["9", "10", "2026-01-01/12-00-00"]


def test_overrides_without_what_only_says_where_it_runs(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "r", overrides=("model=vae", "'model.z_dims=[4]'", "hydra.run.dir=x", "threads=1"))
    assert overrides(folder) == ["model=vae", "model.z_dims=[4]"]
    assert overrides(tmp_path) == []
    assert differing([["a=1", "b=2"], ["a=1", "b=3"], ["a=1"]]) == [["b=2"], ["b=3"], []]
    assert differing([["a=1"]]) == [["a=1"]]
    assert shortened([["a.x=1", "b.y=a.b"], ["c.y=3"]]) == [["x=1", "b.y=a.b"], ["c.y=3"]]
    assert shortened([["a/net/s=1", "b/net=x", "c.d.v=2", "c.e.v=3", "~f.g", "q=1", "p.q=2"]]) == [
        ["s=1", "net=x", "d.v=2", "e.v=3", "~f.g", "q=1", "p.q=2"]
    ]


def test_durations_have_two_units() -> None:
    times = {0.2: "0 s", 42: "42 s", 185: "3 min 5 s", 180: "3 min", 7860: "2 h 11 min", 273_600: "3 d 4 h"}
    assert {seconds: duration(seconds) for seconds in times} == times
