"""Whatever a run can carry into its files is text on the page: no markup, no script, no address."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.report import folders
from tests.report.test_html import Seen
from vaelab.report.record import Record
from vaelab.report.run_page import run_page
from vaelab.report.write import write_report

pytestmark = pytest.mark.usefixtures("light")
ATTACKS = [
    "</script><x-evil onclick=alert(1)>",
    '"><x-evil onmouseover="alert(1)',
    "'><x-evil style='background:url(javascript:alert(1))'>",
    "javascript:alert(1)//<x-evil>",
    "<!--<script><x-evil>",
    '<a href="javascript:alert(1)">x</a><x-evil>',
    "]]><x-evil>\u2028\u202e",
    "$early${script}<x-evil>",
]


def with_every_text(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with every text of it changed, and the layers in its names."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [with_every_text(inner, change) for inner in value]
    if isinstance(value, dict):
        names = {key: re.sub(r"z\d+$", lambda m: change(m[0]), key) for key in value}
        return {names[key]: with_every_text(inner, change) for key, inner in value.items()}
    return value


def attack(folder: Path, text: str) -> None:
    """Every text in every file of a run."""
    for path in [*folder.glob("*.json"), *folder.glob("*.jsonl")]:
        lines = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
        changed = [with_every_text(json.loads(line), lambda one: one + text) for line in lines]
        if path.name == "config.json":
            changed[0][text] = {text: {"_target_": text}}
        if path.name == "history.jsonl":
            changed[-1] |= {f"val/{text}": 1.0, f"val/kl/{text}": 1.0, f"collapse/{text}": 2.0}
        path.write_text("\n".join(map(json.dumps, changed)))
    (folder / "STOPPED.json").write_text(json.dumps({"signal": text, "step": text}))
    (folder / "quality.json").write_text(json.dumps({f"fid_{text}": {"value": 1.0, text: text}, "show": text}))
    (folder / ".hydra" / "overrides.yaml").write_text(json.dumps([f"experiment={text}", text, f"{text}={text}"]))
    choices = {text: text, "likelihood": text, "experiment": text}
    (folder / ".hydra" / "hydra.yaml").write_text(json.dumps({"hydra": {"runtime": {"choices": choices}}}))


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from texts(inner)


def is_harmless(page: str) -> None:
    found = Seen(page)
    names = [name for name, _ in found.elements]
    assert "x-evil" not in names
    for name, attributes in found.elements:
        assert not any(key.startswith("on") for key in attributes), (name, attributes)
        assert name != "a" or re.match(r"[#\w%]", str(attributes["href"])), attributes
        assert not any("javascript:" in str(attributes.get(key)) for key in ("href", "src", "style")), attributes
    for json_text in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL):
        # plotly takes its texts for HTML of a kind, but for the ticks of parallel coordinates
        figure = json.loads(json_text)
        for trace in figure["data"] if isinstance(figure, dict) else ():
            for axis in trace.get("dimensions", ()):
                axis.pop("ticktext", None)
        assert not [one for one in texts(figure) if "<x-evil" in one]


@pytest.mark.parametrize("text", ATTACKS)
def test_the_page_of_a_run(text: str, tmp_path: Path) -> None:
    folder = folders.run(tmp_path / "run", "experiment=lvae_mnist", "likelihood=bernoulli", epochs=6)
    before = Seen(run_page(Record(folder), 2_000_000))
    attack(folder, text)
    page = run_page(Record(folder), 2_000_000)
    is_harmless(page)
    found, count = Seen(page), 0
    for name in ("script", "section", "style"):
        count = [one for one, _ in found.elements].count(name)
        assert 0 < count <= [one for one, _ in before.elements].count(name) + 1, name
    assert "x-evil" in found.words, "it is there, as text"


def test_the_page_of_a_sweep(tmp_path: Path) -> None:
    text = " ".join(ATTACKS)
    sweep = tmp_path / "sweep"
    for i, name in enumerate(("javascript:alert(1)", '"><x-evil onclick="alert(1)"', "a'b<x-evil>", "%2f..")):
        beta = ("objective=beta", "objective/schedule=constant", f"objective.schedule.value={i}")
        folders.run(sweep / name, *beta, epochs=2, elbo=-100 - i)
    for i, folder in enumerate(sorted(sweep.iterdir())):
        attack(folder, f"{text}{i}")
    (sweep / "multirun.yaml").write_text(json.dumps({"hydra": {"overrides": {"task": [text]}}}))
    page = write_report(sweep).read_text()
    is_harmless(page)
    links = [str(a["href"]) for name, a in Seen(page).elements if name == "a" and a.get("href", "#")[:1] != "#"]
    assert len(links) == 4 and all(re.fullmatch(r"[\w%.~-]+/report\.html", link) for link in links), links
    for folder in sweep.iterdir():
        if folder.is_dir():
            is_harmless((folder / "report.html").read_text())


def test_a_setting_of_any_name(tmp_path: Path) -> None:
    text = " ".join(ATTACKS)
    for i in range(3):
        folder = folders.run(tmp_path / str(i), epochs=2, elbo=-100 - i)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, f"a{text}": i, f"b{text}": f"{i}{text}"}))
    page = write_report(tmp_path).read_text()
    is_harmless(page)
    assert "Parallel coordinates" in page and "Phase diagram" in page


def test_the_check_itself_sees_an_attack(tmp_path: Path) -> None:
    folder = folders.run(tmp_path / "run", epochs=2)
    page = run_page(Record(folder), 0)
    is_harmless(page)
    for markup in (
        "<x-evil>",
        '<b onclick="x">',
        '<a href="javascript:x">',
        '<script type="application/json">["<x-evil>"]</script>',
        '<p style="background:url(javascript:x)">',
    ):
        with pytest.raises(AssertionError):
            is_harmless(page.replace("</main>", f"{markup}</main>"))


def test_a_command_that_is_copied_into_a_terminal_has_nothing_that_it_obeys(tmp_path: Path) -> None:
    folder = folders.run(tmp_path / "run", epochs=2)
    # a terminal takes what follows for typed, once the end of a paste is in what is pasted
    text = "seed=1\u001b[201~\nrm -rf x\u202e"
    (folder / ".hydra" / "overrides.yaml").write_text(json.dumps([text]))
    (folder / "multirun.yaml").write_text(json.dumps({"hydra": {"overrides": {"task": [text]}}}))
    shutil.copytree(folder, tmp_path / "sweep" / "0")
    shutil.copy(folder / "multirun.yaml", tmp_path / "sweep")
    for page in (run_page(Record(folder), 0), write_report(tmp_path / "sweep").read_text()):
        commands = re.findall(r"<code>(vaelab train.*?)</code>", page, re.DOTALL)
        assert commands and all(command.isprintable() for command in commands)
        assert "seed=1?[201~?rm -rf x?" in commands[0]
