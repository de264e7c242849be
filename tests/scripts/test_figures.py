"""The gallery's figures: their runs compose, their texts have today's numbers, and the drawings draw what they read."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.scripts.made_runs import write
from vaelab.config.doors import check_diagnose
from vaelab.config.paths import compose

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(ROOT / "scripts"))

import figures  # noqa: E402
from gallery import read, text, work  # noqa: E402
from gallery.runs import RUNS, Run, diagnosing, training  # noqa: E402

KNOWN: dict[str, Any] = json.loads((DOCS / "figures" / "figures.json").read_text())
PAGES = [page for pattern in figures.TEXTS for page in sorted(DOCS.glob(pattern))]


@pytest.mark.parametrize("name", RUNS)
def test_every_run_composes(name: str) -> None:
    door, *overrides = training(RUNS[name], "/tmp/nowhere")
    compose(overrides[:-1])
    assert door == "train" and overrides[-1] == "hydra.run.dir=/tmp/nowhere"


def test_every_diagnosis_is_of_analyses_that_there_are() -> None:
    for run in RUNS.values():
        assert all((ROOT / "conf" / "analyses" / f"{name}.yaml").exists() for name in run.analyses)
        assert diagnosing(run, "x")[:2] == ["diagnose", "run=x"]
    assert check_diagnose is not None


def test_every_run_is_drawn_and_every_drawn_run_there() -> None:
    drawn = {run for picture in figures.PICTURES.values() for run in picture.runs}
    assert drawn == set(RUNS)


def test_every_figure_of_the_texts_is_there_and_known() -> None:
    texts = "".join(page.read_text() for page in PAGES)
    shown = set(re.findall(r"\(\.\./figures/(\w+)\.png\)", texts))
    there = {path.stem for path in (DOCS / "figures").glob("*.png")}
    assert shown == there == set(KNOWN) == set(figures.PICTURES)
    for picture in figures.PICTURES.values():
        assert KNOWN[picture.name]["commands"] == text.commands(picture.runs)
    assert sum(path.stat().st_size for path in (DOCS / "figures").iterdir()) < 3_000_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_number_of_a_text_is_by_hand(page: Path) -> None:
    assert text.filled(page.read_text(), KNOWN) == page.read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_sentence_goes_on_with_a_marker_on_a_new_line(page: Path) -> None:
    """A line that begins with a comment is a block of its own, and would cut the paragraph in two."""
    assert not re.findall(r"(?<!\n)\n<!--[^/].*", page.read_text())


def test_markers_are_filled() -> None:
    known = {"f": {"commands": ["vaelab a", "vaelab b"], "numbers": {"x": 1.26, "w": "so", "t": "| a |\n|---|"}}}
    before = "x = <!--f/x:.1f-->9<!--/-->, <!--f/w:s--><!--/-->\n<!--f/t:s-->old<!--/-->\n<!--commands:f--><!--/-->"
    after = text.filled(before, known)
    assert "x = <!--f/x:.1f-->1.3<!--/-->, <!--f/w:s-->so<!--/-->" in after
    assert "\n\n| a |\n|---|\n\n" in after and "```bash\nvaelab a\nvaelab b\n```" in after and "old" not in after
    assert text.filled(after, known) == after
    with pytest.raises(KeyError):
        text.filled("<!--f/gone:.1f--><!--/-->", known)


def test_a_log_is_shown_from_where_it_is_asked(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "train.log").write_text("one\ntest split\nthree\n")
    told = text.filled("<!--log:a/train:test--><!--/-->", {}, read.Read(tmp_path))
    assert "```\ntest split\nthree\n```" in told and "one" not in told
    assert text.filled(told, {}) == told  # without the runs it stays


def test_a_run_that_is_done_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def call(command: list[str], log: Path) -> float:
        called.append(log.stem)
        log.parent.mkdir(parents=True, exist_ok=True)
        (log.parent / "DONE.json").write_text("{}")
        return 2.0

    monkeypatch.setattr(work, "_call", call)
    run = Run("a", ("model=vae",), measures=("codes",))
    assert work.do(run, tmp_path) == {"train": 2.0, "diagnose": 2.0, "measure": 2.0}
    assert work.do(run, tmp_path) == {"train": 2.0, "diagnose": 2.0, "measure": 2.0}
    assert called == ["train", "diagnose", "measure"]
    # another question of the same run, then another run
    work.do(Run("a", ("model=vae",), analyses=("units",), measures=("codes",)), tmp_path)
    assert called[3:] == ["diagnose"]
    work.do(Run("a", ("model=vae", "seed=1"), analyses=("units",), measures=("codes",)), tmp_path)
    assert called[4:] == ["train", "diagnose", "measure"]
    (tmp_path / "a" / "DONE.json").unlink()
    work.do(Run("a", ("model=vae", "seed=1"), analyses=("units",), measures=("codes",)), tmp_path)
    assert called[7:] == ["train", "diagnose", "measure"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> read.Read:
    """Every run's files as they would be, with a few plain numbers."""
    folder = tmp_path_factory.mktemp("made")
    for i, run in enumerate(RUNS.values()):
        write(folder / run.name, run, i)
    return read.Read(folder)


@pytest.mark.parametrize("name", figures.PICTURES)
def test_the_drawings_draw_what_they_read(name: str, made: read.Read, tmp_path: Path) -> None:
    figure, numbers = figures.PICTURES[name].draw(made)
    figures.save(figure, tmp_path / "a.png")
    figures.save(figures.PICTURES[name].draw(made)[0], tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert json.loads(json.dumps(numbers)) == numbers
    # what a text may say of it, it says today
    assert set(numbers) >= {key for page in PAGES for key in re.findall(rf"<!--{name}/([^:>]+):", page.read_text())}


def test_numbers_are_those_of_the_files(made: read.Read) -> None:
    _, numbers = figures.PICTURES["rate_distortion"].draw(made)
    for beta in ("0", "1", "30"):
        place = list(RUNS).index(f"beta_{beta}")
        assert numbers[f"elbo.{beta}"] == -100 - place and numbers[f"kl.{beta}"] == 20 + place
    assert numbers["best"] == "0"  # the first of them, as made
    _, numbers = figures.PICTURES["eigenvalues"].draw(made)
    assert numbers["largest"] == 5.0 and numbers["above.1"] == 2
