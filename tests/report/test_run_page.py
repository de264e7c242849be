"""The page of a run: whole, unfinished, damaged, and attacked."""

import json
import re
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.report import folders
from tests.report.test_html import Seen
from vaelab.report.record import Record
from vaelab.report.run_page import run_page

pytestmark = pytest.mark.usefixtures("light")
ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folders.run(tmp_path_factory.mktemp("page") / "run", "experiment=lvae_mnist", "likelihood=bernoulli")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


def seen(folder: Path) -> Seen:
    return Seen(page(folder))


def page(folder: Path) -> str:
    return run_page(Record(folder), 2_000_000)


def test_every_section_and_figure_is_there(folder: Path) -> None:
    found = seen(folder)
    sections = [a["id"] for name, a in found.elements if name == "section"]
    assert sections == ["summary", "training", "collapse", "carry", "pictures", "posterior", "blur", "config"]
    plots = {a["id"] for _, a in found.elements if a.get("class") == "plot"}
    for name in (
        "elbo", "split", "layer-terms", "collapse", "information", "parts", "ladder", "units-kl-z1",
        "units-variance-z2", "skip-bound", "gap", "gap-images", "lagging", "blur", "eigenvalues",
    ):  # fmt: skip
        assert f"plot-{name}" in plots, name
    ids = [a["id"] for _, a in found.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["id"].replace("data-", "plot-") for n, a in found.elements if n == "script" and "id" in a} == plots


def test_figures_say_of_which_weights_they_are(folder: Path) -> None:
    evaluation = json.loads((folder / "evaluation.json").read_text())
    (folder / "evaluation_val.json").write_text(json.dumps({**evaluation, "split": "val", "step": 3}))
    words = re.sub(r"\s+", " ", seen(folder).words)
    assert f"best weights of step {evaluation['step']}, seed 0" in words and "best weights of step 3, seed 0" in words


def test_a_resumed_run_shows_where_it_went_on(folder: Path) -> None:
    assert "The run was resumed" not in seen(folder).words, "nothing is said of a run that was not"
    machine = {"device": "cpu", "threads": 1, "torch": "2.13.0"}
    parts: list[dict[str, Any]] = [
        {"segment": 1, "from_step": 0, "overrides": ["model=vae"], "machine": machine},
        {"segment": 2, "from_step": 165, "overrides": ["optimizer.lr=1e-4"], "machine": {**machine, "threads": 8}},
        {"segment": 3, "from_step": 400, "overrides": [], "machine": "?"},
    ]
    (folder / "segments.jsonl").write_text("".join(json.dumps(part) + "\n" for part in parts))
    (folder / "forked_from.json").write_text(
        json.dumps({"run": "/a/b", "step": 7, "checkpoint": "best.ckpt", "taken": 3, "weights": 4})
    )
    text = page(folder)
    words = Seen(text).words
    assert "It began with 3 of 4 weights of /a/b at step 7 (best.ckpt)" in re.sub(r"\s+", " ", words)
    assert "optimizer.lr=1e-4" in words and "cpu, 8 threads, torch 2.13.0" in words and "went on 2 times" in words
    for name in ("elbo", "split", "layer-terms"):
        figure = json.loads(re.search(rf'id="data-{name}">(.*?)</script>', text, re.DOTALL)[1])  # type: ignore[index]
        lines = [(s["x0"], s["x1"]) for s in figure["layout"]["shapes"]]
        assert lines == [(165, 165), (400, 400)]
        labels = [a["hovertext"] for a in figure["layout"]["annotations"]]
        assert labels == ["resumed at step 165: optimizer.lr=1e-4", "resumed at step 400"]
    assert words.count("The run was resumed at step 165 and 400") == 3


def test_it_can_be_used_without_seeing_it(folder: Path) -> None:
    found = seen(folder)
    for name, attributes in found.elements:
        if name == "img":
            assert len(attributes["alt"] or "") > 20 and str(attributes["src"]).startswith("data:image/png;base64,")
        if attributes.get("class") == "plot":
            assert len(attributes["aria-label"] or "") > 40 and attributes["tabindex"] == "0"
    levels = [int(name[1]) for name, _ in found.elements if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels)), "no level is skipped"
    links = [a["href"] for name, a in found.elements if name == "a"]
    ids = {a.get("id") for _, a in found.elements}
    assert links and all(str(link).removeprefix("#") in ids for link in links)


def test_nothing_is_fetched(folder: Path) -> None:
    for name, attributes in seen(folder).elements:
        assert name not in ("link", "iframe", "object")
        for key in ("src", "href"):
            assert str(attributes.get(key, "#")).startswith(("#", "data:")), (name, attributes)


def test_it_says_how_to_run_it_again_and_what_was_set(folder: Path) -> None:
    words = seen(folder).words
    assert (
        "vaelab train 'model.z_dims=[12,8]' trainer.max_epochs=30 experiment=lvae_mnist likelihood=bernoulli" in words
    )
    assert "settings that differ from the default" in words and "model.z_dims[32, 16][12, 8]" in words
    evaluation = json.loads((folder / "evaluation.json").read_text())
    assert f"{-evaluation['elbo']['value']:.2f}\u00a0±\u00a00.41" in words
    assert "z2 is collapsed: none of its 8 units is active" in words
    assert "Left out: true posteriors on a grid (it needs z_dims=[2], this model has [12, 8])." in words
    assert "samples_epoch0010" not in page(folder)


def change(folder: Path, name: str, edit: Callable[[dict[str, Any]], None]) -> None:
    found = json.loads((folder / name).read_text())
    edit(found)
    (folder / name).write_text(json.dumps(found))


def test_what_cannot_be_told_does_not_read_like_nothing(folder: Path) -> None:
    def full(found: dict[str, Any]) -> None:
        for layer in found["surgery"]["layers"]:
            layer["saturated"] = True

    change(folder, "diagnosis.json", full)
    words = seen(folder).words
    assert "cannot be told (z2 is at log n = 6.91)" in words and "of z1 nothing can be told" in words


def test_units_that_follow_the_layer_above_are_counted_by_their_kl(folder: Path) -> None:
    """In the made run 7 units of z1 are active and have a KL; now 12 are active."""

    def active(found: dict[str, Any]) -> None:
        found["layers"][0]["active_units"] = 12

    assert "with a KL above" not in seen(folder).words
    change(folder, "evaluation.json", active)
    assert "12 of 12, 7 with a KL above 0.01 nats" in seen(folder).words
    change(folder, "evaluation.json", lambda found: found["layers"][0].update(unit_kl=[0.5, 0.009, 0.02]))
    assert "12 of 12, 2 with a KL above 0.01 nats" in seen(folder).words


def test_the_quantities_are_explained_and_the_causes_have_no_likelihood(folder: Path) -> None:
    words = seen(folder).words
    for name in ("cost", "information", "marginal KL", "lost without it"):
        assert f"{name}: " in words
    assert "strength of evidence" in words and "likely" not in words.split('"use strict"')[0]
    assert "Without z1 76.00 nats are lost" in words and "z1 carries" not in words
    assert "of the pictured images alone" in words and "of n = 256 images: z1 76.00" in words


def test_the_command_of_the_strongest_cause_can_be_copied(folder: Path) -> None:
    command = "vaelab train likelihood=bernoulli callbacks=aggressive"
    change(folder, "diagnosis.json", lambda found: found["verdict"]["causes"][0].update(command=command))
    assert f"To try the first: {command}" in seen(folder).words


def test_a_likelihood_without_noise_has_no_spectrum(folder: Path) -> None:
    change(folder, "diagnosis.json", lambda found: found["spectrum"].update(sigma2=None, above=None))
    found = seen(folder)
    assert "plot-eigenvalues" not in {a.get("id") for _, a in found.elements}
    assert "Left out: the data's spectrum beside σ² (this likelihood has none)." in found.words


def test_a_stopped_run_says_so(folder: Path) -> None:
    (folder / "DONE.json").unlink()
    (folder / "STOPPED.json").write_text('{"signal": "SIGTERM", "step": 165, "epoch": 3}')
    assert "stopped at step 165 by SIGTERM: its figures are those so far" in seen(folder).words


def test_what_is_missing_is_told_with_the_command_that_makes_it(folder: Path) -> None:
    for name in ("diagnosis.json", "evaluation.json", "DONE.json", "units.jsonl"):
        (folder / name).unlink()
    shutil.rmtree(folder / "images")
    words = seen(folder).words
    for door in ("diagnose", "evaluate", "sample"):
        assert f"vaelab {door} run={folder}" in words
    assert "not finished" in words and "units.jsonl is not there" in words and "elbo, validation" in words


@pytest.mark.parametrize("history", ["", '{"step": 1, "epoch": 0, "val/elbo": -5.0, "val/kl": 1', "\n\n", "[]\n"])
def test_an_empty_history_has_a_page(folder: Path, history: str) -> None:
    for name in ("units.jsonl", "evaluation.json"):
        (folder / name).unlink()
    (folder / "history.jsonl").write_text(history)
    words = seen(folder).words
    assert "history.jsonl has no figures yet" in words and "There are no figures yet" in words


def test_one_line_and_numbers_that_are_none(folder: Path) -> None:
    row = {"step": 1, "epoch": 0, "val/elbo": -5.0, "val/kl": None, "val/kl/z1": float("nan"), "collapse/z1": None}
    (folder / "history.jsonl").write_text(json.dumps(row) + "\n")
    words = seen(folder).words
    assert "val elbo is −5.00 at epoch 1" in words and "NaN" not in words.split('"use strict"')[0]


@pytest.mark.parametrize(
    "name",
    ["config.json", "diagnosis.json", "evaluation.json", "units.jsonl", ".hydra/overrides.yaml", "segments.jsonl"],
)
@pytest.mark.parametrize("content", ["{", "[1]", '{"layers": 3, "surgery": 4, "verdict": [], "model": 1}', "null"])
def test_a_damaged_file_costs_its_own_part_alone(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    sections = [a["id"] for tag, a in seen(folder).elements if tag == "section"]
    assert "training" in sections and len(sections) >= 5


def test_a_part_of_a_diagnosis_that_is_not_what_it_should_be_is_told(folder: Path) -> None:
    found = json.loads((folder / "diagnosis.json").read_text())
    found["surgery"]["parts"] = [{"value": 1.0}]
    (folder / "diagnosis.json").write_text(json.dumps(found))
    found_page = seen(folder)
    assert "cannot be read (KeyError: 'name')" in found_page.words
    assert "plot-gap" in {a.get("id") for _, a in found_page.elements}


def test_no_name_or_value_becomes_markup(folder: Path) -> None:
    """Everything that a run can carry into its files, as an attack."""
    before = [name for name, _ in seen(folder).elements]
    for name in ("config.json", "diagnosis.json", "evaluation.json", "units.jsonl", "history.jsonl"):
        text = (folder / name).read_text().replace("z2", json.dumps(f"z2{ATTACK}")[1:-1])
        (folder / name).write_text(text)
    config = json.loads((folder / "config.json").read_text())
    config[ATTACK] = {"name": ATTACK}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / ".hydra" / "overrides.yaml").write_text(json.dumps([f"experiment={ATTACK}", ATTACK]))
    segment = {"from_step": 40, "overrides": [ATTACK], "machine": {"device": ATTACK, "commit": ATTACK}}
    (folder / "segments.jsonl").write_text(2 * (json.dumps(segment) + "\n"))
    (folder / "forked_from.json").write_text(json.dumps({"run": ATTACK, "taken": ATTACK, "step": ATTACK}))
    folders.picture(folder / "images" / "a<b>&c.png", 1)
    text = page(folder)
    found = Seen(text)
    # plotly's own file knows these words; nothing else may
    markup = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert "<script>alert" not in markup and "<img src=x" not in markup
    assert ATTACK in found.words
    new = [a for name, a in found.elements if name == "img" and not str(a.get("src")).startswith("data:")]
    assert not new and not [a for _, a in found.elements if any(key.startswith("on") for key in a)]
    assert found.elements and [name for name, _ in found.elements].count("script") == before.count("script")


def test_pictures_beyond_the_budget_are_left_out_and_named(folder: Path) -> None:
    text = run_page(Record(folder), 0)
    assert "samples.png is left out to keep this page small" in text and "data:image/png" not in text
    (folder / "images" / "samples.png").write_bytes(b"no picture")
    assert "samples.png cannot be read as a picture" in page(folder)
