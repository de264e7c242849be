"""Each figure holds the numbers of the files, and its words are true of them."""

import json
import math
from pathlib import Path

import pytest

from tests.report import folders
from vaelab.report.figures.blur import blur
from vaelab.report.figures.collapse import collapse
from vaelab.report.figures.eigenvalues import eigenvalues
from vaelab.report.figures.elbo import elbo
from vaelab.report.figures.gap import gap, gap_images
from vaelab.report.figures.information import information, parts_of
from vaelab.report.figures.ladder import ladder
from vaelab.report.figures.lagging import lagging
from vaelab.report.figures.layer_terms import layer_terms
from vaelab.report.figures.parts import parts
from vaelab.report.figures.skip_bound import skip_bound
from vaelab.report.figures.split import split
from vaelab.report.figures.style import PALETTE
from vaelab.report.figures.unit_map import unit_map
from vaelab.report.record import Record
from vaelab.report.units import UnitMap


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return Record(folders.run(tmp_path_factory.mktemp("figures") / "run"))


def test_the_curves_are_the_history(run: Record) -> None:
    drawn = elbo(run)
    assert drawn is not None
    val = next(trace for trace in drawn.figure.data if trace.name == "val elbo")
    truth = [row["val/elbo"] for row in run.history if "val/elbo" in row]
    assert list(val.y) == pytest.approx(truth, rel=1e-5)
    assert f"to −{-truth[-1]:.2f} over epochs 1 to 30" in drawn.words


def test_reconstruction_less_kl_is_the_elbo(run: Record) -> None:
    drawn, bound = split(run), elbo(run)
    assert drawn is not None and bound is not None
    by_axis = {trace.yaxis: trace for trace in drawn.figure.data if trace.name == "val"}
    total = [a - b for a, b in zip(by_axis["y"].y, by_axis["y2"].y, strict=True)]
    assert total == pytest.approx(bound.figure.data[0].y, rel=1e-4)


def test_layers_and_the_areas_add_up_to_kl(run: Record) -> None:
    terms, areas = layer_terms(run), information(run)
    assert terms is not None and areas is not None
    kl = run.series("val/kl").value
    assert [sum(column) for column in zip(*(t.y for t in terms.figure.data), strict=True)] == pytest.approx(
        kl, rel=1e-4
    )
    stacked = [trace.y for trace in areas.figure.data if trace.stackgroup]
    assert [sum(column) for column in zip(*stacked, strict=True)] == pytest.approx(kl, rel=1e-4)


def test_of_a_bottom_up_chain_only_the_first_information_is_a_part(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text('{"step": 1, "epoch": 0, "val/log_ratio/z1": 1, "val/kl/z2": 1}\n')
    assert parts_of(Record(tmp_path)) == ["information/z1", "marginal_kl/z1", "marginal_kl/z2"]


def test_the_bands_are_the_states(run: Record) -> None:
    drawn = collapse(run)
    assert drawn is not None
    (bands,) = drawn.figure.data
    assert list(bands.z[1]) == [row["collapse/z2"] for row in run.history if "collapse/z2" in row]
    died = 1 + next(i for i, value in enumerate(bands.z[1]) if value == 2)
    assert f"collapsed from epoch {died}" in drawn.words and "z1 was alive at every check" in drawn.words


def test_the_parts_of_a_diagnosis_are_drawn_as_they_are(run: Record) -> None:
    surgery, skip = run.part("surgery"), run.part("skip_bound")
    cut, rungs, carried = parts(surgery), ladder(surgery), skip_bound(skip)
    assert cut is not None and rungs is not None and carried is not None
    assert sum(cut.figure.data[0].x) == pytest.approx(surgery["kl"]["value"])
    assert rungs.figure.layout.shapes[0].x0 == pytest.approx(math.log(surgery["n"])), "the cap"
    assert list(carried.figure.data[0].x) == [layer["nats"]["value"] for layer in skip["layers"]]
    assert list(carried.figure.data[0].error_x.array) == [1.5, 0.4]


def test_the_gaps_of_the_images_have_the_means_that_are_told(run: Record) -> None:
    found = run.part("gap")
    drawn, each = gap(found), gap_images(found)
    assert drawn is not None and each is not None
    (dots,) = each.figure.data
    assert sum(dots.x) / len(dots.x) == pytest.approx(found["amortisation"]["value"])
    assert sum(dots.y) / len(dots.y) == pytest.approx(found["approximation"]["value"])
    bars = dict(zip(drawn.figure.data[0].y, drawn.figure.data[0].x, strict=True))
    assert bars["amortisation"] + bars["approximation"] == pytest.approx(bars["total"])
    assert "most of it is the encoder's" in drawn.words.lower()


def test_a_gap_that_cannot_be_cut_is_told_whole() -> None:
    drawn = gap({"total": {"value": 2.0, "stderr": 0.1}, "approximation": None, "word": "a flow cannot be refined"})
    assert (
        drawn is not None and list(drawn.figure.data[0].y) == ["total"] and "A flow cannot be refined." in drawn.words
    )
    assert gap_images({"per_image": {"elbo": [1.0], "refined": None, "iw_bound": [2.0]}}) is None


def test_lagging_blur_and_spectrum(run: Record) -> None:
    lag, blurred, values = lagging(run.part("lagging")), blur(run.part("blur")), eigenvalues(run.part("spectrum"))
    assert lag is not None and blurred is not None and values is not None
    assert [b - a for a, b in zip(lag.figure.data[0].x, lag.figure.data[1].x, strict=True)] == pytest.approx(
        [0.8, 0.4, 0.4]
    )
    assert [trace.name for trace in blurred.figure.data] == ["data", "best mean for this q", "decoder's mean"]
    line = values.figure.layout.shapes[0]
    assert line.y0 == 0.05
    assert sum(y > line.y0 for y in values.figure.data[0].y) == run.part("spectrum")["above"]


def test_a_likelihood_without_a_variance_has_no_such_figure() -> None:
    assert eigenvalues({"eigenvalues": [2.0, 1.0, 0.0], "sigma2": None, "above": None, "units": 3}) is None


def part(kl: float, refined: float, risen: float, **more: object) -> dict[str, object]:
    values = {"kl": kl, "kl_refined": refined, "elbo": -100.0, "elbo_refined": -100.0 + risen}
    return {name: {"value": value, "stderr": 0.1} for name, value in values.items()} | more


@pytest.mark.parametrize(
    ("found", "weight", "words"),
    [
        (part(1.0, 6.0, 3.0), 1.0, "it has risen much, by 5.00 nats: the encoder lags"),
        (part(10.0, 10.4, 3.0), None, "it has not risen much (0.40 nats): the encoder does not lag"),
        (part(1.0, 6.0, 0.0), 1.0, "nothing is gained by it: that is no lagging encoder"),
        ({**part(1.0, 6.0, -2.0), "gain": {"value": 1.0, "stderr": 0.1}, "kl_weight": 20.0}, 20.0, "the encoder lags"),
        (part(1.0, 6.0, 3.0, kl_weight=20.0), 20.0, "refined at the run's KL weight, 20."),
        (part(1.0, 6.0, 3.0), 20.0, "the run trained at 20: a rise is no sign of lagging"),
    ],
)
def test_lagging_is_concluded_from_the_numbers(found: dict[str, object], weight: float | None, words: str) -> None:
    drawn = lagging(found, weight)
    assert drawn is not None and words.lower() in drawn.words.lower()
    if found.get("kl_weight") is None and weight in (None, 1.0):
        assert "weight" not in drawn.words


def test_the_gap_of_another_objective_says_so() -> None:
    found = {"total": {"value": 2.0, "stderr": 0.1}, "n": 3, "iw_samples": 10}
    for told, run, words in (({"kl_weight": 4.0}, None, True), ({}, 4.0, True), ({"kl_weight": 1.0}, 1.0, False)):
        drawn = gap({**found, **told}, run)
        assert drawn is not None and ("a KL weight of 4," in drawn.words) is words


def test_a_dead_layer_is_dark() -> None:
    """The scale ends at 1 nat or more, whatever the largest unit of the layer is."""
    for values, top in (([[0.002], [0.001]], 0.0), ([[20.0], [0.1]], math.log10(20))):
        drawn = unit_map(UnitMap("z1", "kl", [1], [1, 2], values, 2, 1))
        assert drawn.figure.data[0].zmax == pytest.approx(top) and drawn.figure.data[0].zmin == -3
        assert list(drawn.figure.data[0].y) == ["1", "2"]


def test_a_band_goes_from_check_to_check_and_ends_with_the_run(tmp_path: Path) -> None:
    rows = [{"step": e, "epoch": e - 1, "collapse/z1": 2, "collapse/z2": int(e > 5)} for e in (5, 10, 12)]
    (tmp_path / "history.jsonl").write_text(
        "".join(json.dumps(row | {"val/kl/z1": 0.1, "val/kl/z2": 0.1}) + "\n" for row in rows)
    )
    drawn = collapse(Record(tmp_path))
    assert drawn is not None
    (bands,) = drawn.figure.data
    assert list(bands.x) == [0, 5, 10, 12] and [len(row) for row in bands.z] == [3, 3]
    assert tuple(drawn.figure.layout.xaxis.range) == (0, 12)
    assert list(bands.customdata[1]) == ["epochs 1 to 5: alive", "epochs 6 to 10: fading", "epochs 11 to 12: fading"]
    assert "z1 has not woken up" in drawn.words and "z2 was alive from epoch 5, fading from epoch 10" in drawn.words


def test_over_training_too_nothing_is_told_below_a_layer_at_the_cap(tmp_path: Path) -> None:
    row = {"step": 1, "epoch": 0, "val/kl/z1": 12.0, "val/kl/z2": 9.0, "val/kl": 21.0, "val/information_images": 200.0}
    row |= {"val/information/z1": 0.02, "val/information/z2": 5.28, "val/marginal_kl/z1": 12.0}
    (tmp_path / "history.jsonl").write_text(json.dumps(row) + "\n")
    drawn = information(Record(tmp_path))
    assert drawn is not None and "z1 information cannot be told: z2 is at log n = 5.30" in drawn.words


def luminance(code: str) -> float:
    """Relative luminance of WCAG 2.2."""
    channels = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("ground", ["#ffffff", "#15181d"], ids=["light", "dark"])
def test_every_colour_is_seen_on_both_grounds(ground: str) -> None:
    """3:1 for what is no text (WCAG 1.4.11)."""
    for code in PALETTE:
        bright, dim = sorted((luminance(code), luminance(ground)), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 3, code
