"""The rows of a sweep, and what is drawn of them."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from tests.report import folders
from tests.report.test_html import Seen
from vaelab.report.figures.parallel import parallel
from vaelab.report.figures.phase import axes_of, phase
from vaelab.report.figures.rate_distortion import rate_distortion
from vaelab.report.record import Record
from vaelab.report.sections.runs import runs
from vaelab.report.sweep import Row, comparable, rows
from vaelab.report.write import runs_of, write_report

pytestmark = pytest.mark.usefixtures("light")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folders.sweep(tmp_path_factory.mktemp("sweep") / "β<&>")


@pytest.fixture(scope="module")
def found(folder: Path) -> list[Row]:
    return rows(folder, [Record(run) for run in runs_of(folder)])


def row(name: str, figures: dict[str, tuple[float, float]] | None = None, **settings: object) -> Row:
    return Row(name, Record(Path(name)), "finished", settings, figures or {"elbo": (-1.0, 0.1)}, "")


def test_the_rows_have_what_was_set_differently_and_what_came_of_it(folder: Path, found: list[Row]) -> None:
    assert [row.settings for row in found[:2]] == [{"β": 0.5, "σ²": 0.02}, {"β": 0.5, "σ²": 0.1}]
    assert [row.status for row in found] == ["finished"] * 6 + ["did not start"]
    assert found[6].settings == {} and found[6].figures == {}
    evaluation = json.loads((folder / "3" / "evaluation.json").read_text())
    third = found[3]
    assert third.figures["elbo"] == (evaluation["elbo"]["value"], 0.41) and third.state == "collapsed"
    active = sum(layer["active_units"] for layer in evaluation["layers"])
    assert third.figures["active"][0] == active / 20
    assert third.figures["information"][0] + third.figures["marginal_kl"][0] == pytest.approx(third.figures["kl"][0])


def test_without_an_evaluation_the_last_validation_is_told(tmp_path: Path) -> None:
    line = {"step": 1, "epoch": 0, "val/elbo": -3.0, "val/kl/z1": 1.0, "val/information/z1": 0.75, "collapse/z1": 1}
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "history.jsonl").write_text(json.dumps(line) + "\n")
    (only,) = rows(tmp_path, [Record(tmp_path / "0")])
    assert only.figures["elbo"][0] == -3.0 and math.isnan(only.figures["elbo"][1])
    assert only.figures["information"][0] == 0.75 and only.state == "fading" and only.status == "not finished"


def test_points_lie_at_rate_and_distortion_and_lines_have_one_elbo(found: list[Row]) -> None:
    drawn = rate_distortion(found)
    assert drawn is not None
    dots = [trace for trace in drawn.figure.data if trace.mode == "markers"]
    lines = [trace for trace in drawn.figure.data if trace.mode != "markers"]
    assert len(dots) == 6, "one colour and symbol for each β and σ²"
    at = {(dot.x[0], dot.y[0]) for dot in dots}
    assert at == {(row.figures["kl"][0], -row.figures["reconstruction"][0]) for row in found[:6]}
    for line in lines:
        sums = [x + y for x, y in zip(line.x, line.y, strict=True)]
        assert sums[0] == pytest.approx(sums[1])
        assert float(line.text[1].replace("−", "-")) == pytest.approx(-sums[0]), "a line is where its number says"
    assert len({line.text[1] for line in lines}) == len(lines) >= 2
    best = max(found[:6], key=lambda row: row.figures["elbo"][0])
    assert f"has run {best.name}, " in drawn.words


def test_each_cell_of_the_phase_diagram_is_its_run(found: list[Row]) -> None:
    maps = {drawn.name: drawn for drawn in phase(found)}
    assert set(maps) == {"phase-active", "phase-information", "phase-marginal_kl", "phase-elbo"}
    heat = maps["phase-elbo"].figure.data[0]
    assert list(heat.x) == ["0.5", "1", "4"] and list(heat.y) == ["0.02", "0.1"]
    cells = {(b, v): heat.z[j][i] for i, b in enumerate((0.5, 1.0, 4.0)) for j, v in enumerate((0.02, 0.1))}
    assert cells == {(row.settings["β"], row.settings["σ²"]): row.figures["elbo"][0] for row in found[:6]}


def test_a_third_setting_stands_side_by_side_and_seeds_are_averaged() -> None:
    some = [
        row(f"{b}{v}{l}{s}", {"elbo": (-b * v * l - s, 0.1)}, **{"β": b, "σ²": v, "L": l, "seed": s})
        for b in (1.0, 2.0, 3.0) for v in (0.1, 0.2) for l in (1, 2) for s in (0, 2)
    ]  # fmt: skip
    assert axes_of(some) == ("β", "σ²", "L")
    (drawn,) = phase(some)
    heats = [trace for trace in drawn.figure.data if trace.type == "heatmap"]
    assert len(heats) == 2
    scale = drawn.figure.layout.coloraxis
    every = [value for heat in heats for line in heat.z for value in line]
    assert (scale.cmin, scale.cmax) == (min(every), max(every)), "one scale for all"
    assert heats[1].z[1][2] == pytest.approx(-3 * 0.2 * 2 - 1), "L = 2, σ² = 0.2, β = 3, the mean over seeds"


def test_a_facet_without_the_figure_is_not_drawn() -> None:
    some = [row(f"{b}{v}{l}", **{"β": b, "σ²": v, "L": l}) for b in (1.0, 2.0) for v in (0.1, 0.2) for l in (1, 2)]
    some[0].figures["active"] = (0.5, 0.1)  # of L = 1 alone
    heats = {one.name: [t for t in one.figure.data if t.type == "heatmap"] for one in phase(some)}
    assert len(heats["phase-elbo"]) == 2 and len(heats["phase-active"]) == 1


def test_of_many_settings_some_are_columns_and_the_others_are_named() -> None:
    many = {f"s{i}": i for i in range(12)}
    body = Seen(str(runs([row("a", **many), row("b", **many)]).body[0])).words  # type: ignore[index]
    rest = Seen(str(runs([row("a", **many)]).body[1])).words  # type: ignore[index]
    assert "s7" in body and "s8" not in body and rest == "Also set differently: s8, s9, s10, s11."


def test_axes_need_two_settings() -> None:
    assert axes_of([]) == (None, None, None)
    assert axes_of([row("a", objective="Beta"), row("b", objective="Elbo")]) == ("objective", None, None)
    assert axes_of([row("a", L=1, objective="Beta"), row("b", L=2, objective="Elbo")]) == ("objective", "L", None)
    assert phase([row("a", x=1), row("b", x=2)]) == []


def test_information_at_the_cap_is_a_lower_bound_in_table_and_map() -> None:
    """log 500 = 6.21: 6.1 nats are at least as many, and the marginal KL has the rest."""
    figures = ((3.0, 1.0), (6.1, 9.0), (6.2, 12.0), (5.0, 2.0))
    places = [(b, v) for b in (1.0, 2.0) for v in (0.1, 0.2)]
    some = [
        replace(
            row(str(i), {"information": (nats, 0.1), "marginal_kl": (rest, 0.1)}, **{"β": b, "σ²": v}),
            cap=math.log(500),
        )
        for i, ((nats, rest), (b, v)) in enumerate(zip(figures, places, strict=True))
    ]
    words = Seen(str(runs(some).body[0])).words  # type: ignore[index]
    assert (
        "≥ 6.10 (val)≤ 9.00 (val)" in words
        and "3.00 (val)1.00 (val)" in words
        and "within a nat of log n = 6.21" in words
    )
    maps = {drawn.name: drawn for drawn in phase(some)}
    written = {trace.text for name in maps for trace in maps[name].figure.data if trace.type == "scatter"}
    assert written == {("3.00", "≥ 6.20", "≥ 6.10", "5.00"), ("1.00", "≤ 12.00", "≤ 9.00", "2.00")}
    assert list(maps["phase-information"].figure.data[0].customdata[0]) == ["", "≥ "]
    assert "≥: within a nat of log n = 6.21" in maps["phase-information"].words
    clear = [replace(one, cap=math.inf) for one in some]
    assert "≥" not in str(runs(clear).body) and all("≥" not in drawn.words for drawn in phase(clear))


def test_the_cap_of_a_run_is_that_of_its_surgery_or_of_its_last_check(tmp_path: Path) -> None:
    line = {"step": 1, "epoch": 0, "val/kl/z1": 5.0, "val/information/z1": 5.0, "val/information_images": 200.0}
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "history.jsonl").write_text(json.dumps(line) + "\n")
    (only,) = rows(tmp_path, [Record(tmp_path / "0")])
    assert only.cap == pytest.approx(math.log(200)) and only.bound("information") == "≥" and only.bound("elbo") == ""
    cut = {"n": 5000, "cap": math.log(5000), "kl": {"value": 5.5, "stderr": 0.1}}
    (tmp_path / "0" / "diagnosis.json").write_text(json.dumps({"surgery": cut}))
    (only,) = rows(tmp_path, [Record(tmp_path / "0")])
    assert only.cap == pytest.approx(math.log(5000)) and only.bound("information") == ""


def test_a_run_that_a_signal_ended_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    for name in ("config.json", "STOPPED.json"):
        (tmp_path / "0" / name).write_text('{"signal": "SIGINT"}')
    assert rows(tmp_path, [Record(tmp_path / "0")])[0].status == "stopped"


def test_parallel_coordinates_have_words_as_places(found: list[Row]) -> None:
    drawn = parallel([row("a", prior="Flow"), row("b", prior="Mixture"), row("c", prior="Flow")])
    assert drawn is not None
    axis = drawn.figure.data[0].dimensions[0]
    assert axis.label == "prior" and list(axis.values) == [0, 1, 0] and list(axis.ticktext) == ["Flow", "Mixture"]
    assert parallel([row("a")]) is None and rate_distortion(found[:1]) is None


def test_the_page_links_to_the_pages_of_its_runs(folder: Path) -> None:
    text = write_report(folder).read_text()
    found = Seen(text)
    links = [a["href"] for name, a in found.elements if name == "a" and "report.html" in str(a["href"])]
    assert links == [f"{i}/report.html" for i in range(6)] and all((folder / str(link)).is_file() for link in links)
    assert "7 runs: 6 finished, 1 did not start" in found.words and "<&>" in found.words
    assert "vaelab train -m objective.schedule.value=0.5,1,4 likelihood.variance=0.02,0.1" in found.words
    sorts = [a for name, a in found.elements if name == "th" and a.get("aria-sort")]
    assert len(sorts) == 12 and all(a["aria-sort"] == "none" for a in sorts)
    # a run that went on has its page written anew, the others are left
    stamps = {i: (folder / str(i) / "report.html").stat().st_mtime_ns for i in range(6)}
    with open(folder / "2" / "history.jsonl", "a") as file:
        file.write("\n")
    write_report(folder)
    changed = [i for i in range(6) if (folder / str(i) / "report.html").stat().st_mtime_ns != stamps[i]]
    assert changed == [2]


def test_a_sweep_of_one_setting_says_what_a_phase_diagram_needs(tmp_path: Path) -> None:
    for i, variance in enumerate((0.1, 0.2)):
        folders.run(tmp_path / str(i), "likelihood=gaussian", f"likelihood.variance={variance}", epochs=2)
    words = Seen(write_report(tmp_path).read_text()).words
    assert "A phase diagram needs two settings that differ" in words


def test_a_validation_is_not_held_against_evaluations(tmp_path: Path) -> None:
    """Of three evaluated runs and one that is not finished the best and the maps are of the three."""
    made = [folders.run(tmp_path / str(i), epochs=2) for i in range(3)]
    late = folders.run(tmp_path / "3", epochs=2)
    (late / "evaluation.json").unlink()
    records = [Record(folder) for folder in [*made, late]]
    found = rows(tmp_path, records)
    assert [row.evaluated for row in found] == [True, True, True, False]
    assert comparable(found) == found[:3] and comparable(found[2:]) == found[2:]
    assert "(val)" in str(runs(found).body) and "(val)" not in str(runs(found[:3]).body)
