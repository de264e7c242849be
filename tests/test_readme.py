"""The README is true: its examples run, its figures are the ones that are logged, its choices are those there are."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factory import hierarchy, images
from vaelab import HVAE
from vaelab.objective import Elbo, Geco

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=["script", "notebook"])
def test_the_examples_run(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})


def table() -> dict[str, str]:
    text = README.split("<!-- figures -->")[1].split("<!-- end figures -->")[0]
    rows = [line.split("|") for line in text.strip().splitlines()[2:]]
    return {row[1].strip().strip("`"): row[4].strip() for row in rows}


def test_the_figures_of_the_table_are_those_that_are_logged() -> None:
    logged: dict[str, set[str]] = {}

    def add(stage: str, keys: object) -> None:
        for key in keys:  # type: ignore[attr-defined]
            logged.setdefault(re.sub(r"z\d+$", "z{i}", key), set()).add(stage)

    for units in ("binary", "byte"):
        module = HVAE(hierarchy([3, 2], "bottom_up"), Elbo(), None, units)  # type: ignore[arg-type]
        terms = module(images(4), samples=2)
        for stage, figures in (("train", module.train_figures), ("val", module.val_figures)):
            figures.update(terms, terms.elbo)
            add(stage, figures.compute())
    add("train", ["lr", "skipped", *Geco(target_nats=0.0, decay=0.9, rate=1.0, max_weight=2.0).figures()])
    # of callbacks=aggressive alone, and of the collapse monitor: tests/callbacks hold what they write
    of_callbacks = ["mutual_information", "information/z1", "marginal_kl/z1", "information_images", "collapse/z1"]
    add("val", of_callbacks)
    # what `vaelab train` logs of its evaluation: the split's figures and the bound
    layers = {re.sub(r"z\d+$", "z{i}", key) for key in of_callbacks}
    add("test", {*logged, "iw_bound"} - {"lr", "skipped", "constraint_weight"} - layers)
    order = ["train", "val", "test"]
    assert {key: ", ".join(s for s in order if s in stages) for key, stages in logged.items()} == table()


def test_the_table_of_pieces_is_that_of_conf() -> None:
    done = subprocess.run([sys.executable, "scripts/pieces.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
