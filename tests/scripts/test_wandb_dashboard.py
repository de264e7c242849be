"""The dashboard, down to the JSON that saving it would send: no key in it that the program does not log."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.terminal.made import append, run_folder
from vaelab import compose
from vaelab.errors import CheckpointError
from vaelab.train import train

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
STEP = "trainer/global_step"


@pytest.fixture(scope="module")
def keys_module() -> ModuleType:
    return _script("dashboard_keys")


@pytest.fixture(scope="module")
def panels_module() -> ModuleType:
    pytest.importorskip("wandb_workspaces", reason="pip install 'vaelab[dashboards]'")
    return _script("dashboard_panels")


def _script(name: str) -> ModuleType:
    sys.path.insert(0, str(SCRIPTS))
    try:
        return __import__(name)
    finally:
        sys.path.remove(str(SCRIPTS))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the default callbacks on the smallest model, without a logger."""
    folder = tmp_path_factory.mktemp("dashboard") / "run"
    small = ["data=digits", "model.z_dims=[3,2]", "encoder.net.widths=[8]", "decoder.net.widths=[8]", "threads=1"]
    train(compose([*small, "logger=[]", "trainer.max_epochs=2", "evaluation.iw_samples=2"]), folder)
    return folder


def logged_by(run: Path) -> set[str]:
    return {key for line in (run / "history.jsonl").read_text().splitlines() for key in json.loads(line)}


def panels_of(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(section, panel) of a workspace's spec, or of a report's by its headings."""
    if "section" in spec["spec"]:
        for section in spec["spec"]["section"]["panelBankConfig"]["sections"]:
            for panel in section["panels"]:
                yield section["name"], panel
        return
    heading = ""
    for block in spec["spec"]["blocks"]:
        if block["type"] == "heading":
            heading = block["children"][0]["text"]
        elif block["type"] == "panel-grid":
            for panel in block["metadata"]["panelBankSectionConfig"]["panels"]:
                yield heading, panel


def named(panel: dict[str, Any]) -> tuple[set[str], set[str], set[str]]:
    """(figures, media, settings) that a panel asks for. Fails for a kind of panel that is not known here."""
    config, kind = panel["config"], panel["viewType"]
    if kind == "Run History Line Plot":
        assert config["xAxis"] == STEP
        return set(config["metrics"]), set(), set()
    if kind == "Media Browser":
        return set(), set(config["mediaKeys"]), set()
    if kind == "Scatter Plot":
        return {config[axis].removeprefix("summary:") for axis in ("xAxis", "yAxis", "zAxis")}, set(), set()
    if kind == "Parameter Importance":
        return {config["targetKey"]}, set(), set()
    if kind == "Run Comparer":
        return set(), set(), set()
    assert kind == "Parallel Coordinates Plot", kind
    columns = [column["accessor"].split(":", 1) for column in config["columns"]]
    settings = {name.replace(".value", "", 1) for where, name in columns if where == "config"}
    return {name for where, name in columns if where == "summary"}, set(), settings


def all_named(spec: dict[str, Any]) -> list[set[str]]:
    each = [named(panel) for _, panel in panels_of(spec)]
    return [set().union(*column) for column in zip(*each, strict=True)]


def at(config: Any, key: str) -> Any:
    for part in key.split("."):
        config = config[part]
    return config


def test_without_a_run_it_has_the_keys_that_the_program_logs(
    keys_module: ModuleType, panels_module: ModuleType, run: Path
) -> None:
    keys = keys_module.of_layers(2)
    for build in (panels_module.workspace, panels_module.report):
        figures, media, settings = all_named(panels_module.spec(build(keys, "me", "vaelab", "name")))
        assert figures == set(keys.logged) - {"train/kl", "train/kl/z1", "train/kl/z2"}
        assert figures <= logged_by(run)
        pictures = {path.stem for path in (run / "images").glob("*.png")}
        assert {name.removeprefix("images/").replace("units/", "units_") for name in media} == pictures
        config = compose([])
        for key in settings:
            assert not isinstance(at(config, key), dict), key


def test_of_a_run_it_has_exactly_its_keys(keys_module: ModuleType, panels_module: ModuleType, run: Path) -> None:
    keys = keys_module.of_folder(run)
    assert keys.logged == logged_by(run) - {"step", "epoch"} and keys.layers == ("z1", "z2")
    assert set(keys.media) == {"units/z1", "units/z2", *(f"images/{k}" for k in PICTURES)}
    spec = panels_module.spec(panels_module.workspace(keys, "me", "vaelab", "name"))
    figures, media, _ = all_named(spec)
    assert figures <= logged_by(run) and media == set(keys.media)
    assert list(dict.fromkeys(name for name, _ in panels_of(spec))) == SECTIONS


PICTURES = ("samples", "reconstructions", "coarse_to_fine")
SECTIONS = ["ELBO", "Information", "Collapse", "Units", "Pictures", "Sweep"]


def test_the_panels_of_each_section(keys_module: ModuleType, panels_module: ModuleType) -> None:
    spec = panels_module.spec(panels_module.workspace(keys_module.of_layers(3), "me", "vaelab", "Compare"))
    assert (spec["entity"], spec["project"], spec["displayName"]) == ("me", "vaelab", "Compare")
    assert spec["spec"]["section"]["settings"]["xAxis"] == STEP
    sections: dict[str, list[dict[str, Any]]] = {}
    for name, panel in panels_of(spec):
        sections.setdefault(name, []).append(panel)
    assert list(sections) == SECTIONS
    layers = ("z1", "z2", "z3")
    stacked = {n: [p["config"]["metrics"] for p in ps if p["config"].get("plotType")] for n, ps in sections.items()}
    assert stacked["ELBO"] == [[f"val/kl/{z}" for z in layers]]
    both = [f"val/{key}/{z}" for key in ("information", "marginal_kl") for z in layers]
    assert stacked["Information"] == [both]
    kinds = {p["config"]["plotType"] for p in sections["ELBO"] + sections["Information"] if "plotType" in p["config"]}
    assert kinds == {"stacked-area"}
    state, active = (panel["config"] for panel in sections["Collapse"])
    assert state["metrics"] == [f"collapse/{z}" for z in layers] and (state["yAxisMin"], state["yAxisMax"]) == (0, 2)
    assert active["metrics"] == [f"val/active_units/{z}" for z in layers]
    assert [p["config"]["mediaKeys"] for p in sections["Units"]] == [[f"units/{z}"] for z in layers]
    assert [p["config"]["mediaKeys"] for p in sections["Pictures"]] == [[f"images/{kind}"] for kind in PICTURES]
    assert [panel["viewType"] for panel in sections["Sweep"]] == [
        *("Parallel Coordinates Plot", "Scatter Plot", "Parameter Importance", "Run Comparer")
    ]
    scatter = sections["Sweep"][1]["config"]
    assert (scatter["xAxis"], scatter["yAxis"]) == ("summary:val/kl", "summary:val/reconstruction")


def test_the_report_has_the_same_panels_with_words_between(keys_module: ModuleType, panels_module: ModuleType) -> None:
    keys = keys_module.of_layers(2)
    workspace = panels_module.spec(panels_module.workspace(keys, "me", "p", "n"))
    report = panels_module.spec(panels_module.report(keys, "me", "p", "n"))

    def shown(spec: dict[str, Any]) -> list[tuple[str, str, Any]]:
        return [(section, panel["viewType"], panel["config"]) for section, panel in panels_of(spec)]

    assert shown(report) == shown(workspace)
    blocks = report["spec"]["blocks"]
    for i, block in enumerate(blocks):
        if block["type"] == "heading":
            assert blocks[i + 1]["type"] == "paragraph" and len(blocks[i + 1]["children"][0]["text"]) > 60
    places = [(p["layout"]["x"], p["layout"]["y"]) for section, p in panels_of(report) if section == "ELBO"]
    assert len(set(places)) == len(places), "no panel lies on another"


def test_what_a_run_does_not_log_has_no_panel(
    keys_module: ModuleType, panels_module: ModuleType, tmp_path: Path
) -> None:
    folder = run_folder(tmp_path / "run", epochs=0)
    append(folder / "history.jsonl", {"step": 1, "epoch": 0, "val/elbo": -1.0, "val/log_ratio/z1": 1, "val/kl/z2": 1})
    with open(folder / "history.jsonl", "a") as file:
        file.write('{"step": 2, "val/half')
    keys = keys_module.of_folder(folder)
    spec = panels_module.spec(panels_module.workspace(keys, "me", "p", "n"))
    figures, media, _ = all_named(spec)
    assert figures == {"val/elbo", "val/kl/z2", "val/log_ratio/z1"} and not media
    assert {name for name, _ in panels_of(spec)} == {"ELBO", "Sweep"}


def test_a_sweep_compares_the_settings_in_which_its_runs_differ(keys_module: ModuleType, tmp_path: Path) -> None:
    for i, (end, name) in enumerate(((1.0, "elbo"), (4.0, "beta"))):
        config = {"objective": {"_target_": f"vaelab.objective.{name}.X", "schedule": {"end": end}}, "seed": 0}
        said = (f"objective={name}", f"+objective.schedule.end={end}", "seed=0", "gone.key=1")
        run_folder(tmp_path / str(i), epochs=i + 1, overrides=said, **config)
    keys = keys_module.of_folder(tmp_path)
    assert keys.settings == ("objective._target_", "objective.schedule.end")
    assert {"val/elbo", "val/information/z2"} <= keys.logged
    with pytest.raises(CheckpointError, match="does not exist"):
        keys_module.of_folder(tmp_path / "nowhere")


def call(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / "wandb_dashboard.py"), *arguments]
    quiet = {k: v for k, v in os.environ.items() if not k.startswith("WANDB")}
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env={**quiet, **env})


def test_a_dry_run_writes_both_without_an_account(panels_module: ModuleType, run: Path, tmp_path: Path) -> None:
    file = tmp_path / "spec.json"
    arguments = ["--run", str(run), "--project", "mine", "--settings", "objective.schedule.end", "--dry-run", str(file)]
    # no way to any server: the proxy's port answers nobody
    told = call(*arguments, HOME=str(tmp_path), HTTPS_PROXY="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9")
    assert (told.returncode, told.stdout) == (0, ""), told.stderr
    views = json.loads(file.read_text())
    assert set(views) == {"workspace", "report"}
    assert views["workspace"]["project"] == views["report"]["project"]["name"] == "mine"
    for view in views.values():
        assert all_named(view)[2] == {"objective.schedule.end"}


def test_saving_without_a_login_is_one_line_and_code_2(panels_module: ModuleType, tmp_path: Path) -> None:
    told = call("--layers", "1", HOME=str(tmp_path), NETRC=str(tmp_path / "none"), WANDB_MODE="online")
    assert told.returncode == 2 and told.stdout == ""
    assert "wandb login" in told.stderr and "Traceback" not in told.stderr and len(told.stderr.splitlines()) == 1


class Server:
    """In place of wandb's: keeps what it is sent."""

    default_entity = "someone"

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def projects(self, entity: str) -> list[Any]:
        return [SimpleNamespace(name="mine")]

    def execute(self, api: Any, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        self.sent.append(variables)
        return {"upsertView": {"view": {**variables, "id": "1", "name": "n", "project": {"name": "mine"}}}}


def test_saving_sends_the_spec_of_the_dry_run(
    panels_module: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import wandb
    from wandb_workspaces.reports.v2 import interface as reports
    from wandb_workspaces.workspaces import interface as workspaces
    from wandb_workspaces.workspaces import internal

    server = Server()
    monkeypatch.setattr(wandb, "Api", lambda: server)
    for module in (internal, reports):
        monkeypatch.setattr(module, "execute_graphql", server.execute)
    for module in (workspaces, reports):
        monkeypatch.setattr(module, "get_app_url", lambda api: "https://example.org")
    script = _script("wandb_dashboard")
    assert script.main(["--project", "mine", "--name", "seen"]) == 0
    assert capsys.readouterr().out.count(": https://example.org/someone/mine") == 2
    script.main(["--project", "mine", "--name", "seen", "--entity", "someone", "--dry-run"])
    dry = json.loads(capsys.readouterr().out)
    assert len(server.sent) == 2
    for sent, view in zip(server.sent, dry.values(), strict=True):
        assert (sent["entityName"], sent["projectName"], sent["displayName"]) == ("someone", "mine", "seen")
        assert _without_ids(json.loads(sent["spec"])) == _without_ids(view["spec"])


def _without_ids(spec: Any) -> Any:
    """Panels and run sets are numbered at random."""
    if isinstance(spec, dict):
        return {key: _without_ids(value) for key, value in spec.items() if key not in ("__id__", "id", "ref")}
    return [_without_ids(one) for one in spec] if isinstance(spec, list) else spec


def test_without_wandb_workspaces_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "wandb_workspaces").mkdir()
    missing = "raise ModuleNotFoundError(\"No module named 'wandb_workspaces'\", name='wandb_workspaces')"
    (tmp_path / "wandb_workspaces" / "__init__.py").write_text(missing)
    told = call("--dry-run", PYTHONPATH=str(tmp_path))
    assert told.returncode == 2 and "pip install 'vaelab[dashboards]'" in told.stderr
    assert "Traceback" not in told.stderr and len(told.stderr.splitlines()) == 1


def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path) -> None:
    told = call("--run", str(tmp_path), "--dry-run")
    assert told.returncode == 5 and "is not a run folder" in told.stderr and len(told.stderr.splitlines()) == 1
