"""Choices by their names, and the default config wherever it is asked for."""

from pathlib import Path

import pytest
import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from tests.report import folders
from tests.report.test_html import Seen
from vaelab.config.paths import CONF, compose
from vaelab.report import choices
from vaelab.report.record import Record
from vaelab.report.run_page import run_page

FILES = [path for path in sorted(CONF.rglob("*.yaml")) if "_target_: vaelab." in path.read_text()]


def target(path: Path) -> str | None:
    return yaml.safe_load(path.read_text()).get("_target_")


@pytest.mark.parametrize("path", [p for p in FILES if target(p)], ids=lambda p: str(p.relative_to(CONF)))
def test_a_target_is_named_as_a_file_of_its_group_that_has_it(path: Path) -> None:
    group = ".".join(path.relative_to(CONF).parent.parts)
    found = choices.name_of(group, str(target(path)))
    named = path.with_name(f"{found}.yaml")
    # several data sets are one class, which then has no file of its own
    assert target(named) == target(path) if named.exists() else str(target(path)).endswith(f".{found}")


def test_what_no_file_is_named_after_is_told_by_its_class() -> None:
    assert choices.name_of("callbacks.ema", "vaelab.callbacks.ema.Ema") == "Ema"
    assert choices.name_of("model.module", "vaelab.training.modules.HVAE") == "HVAE"
    assert choices.name_of("x", "<b>") == "<b>" and choices.name_of("x", "") == ""


def test_the_choices_of_a_run_are_those_that_hydra_wrote_down(tmp_path: Path) -> None:
    (tmp_path / ".hydra").mkdir()
    written = {"objective": "beta", "objective/schedule": "linear", "experiment": None, "hydra/help": "vaelab"}
    (tmp_path / ".hydra" / "hydra.yaml").write_text(yaml.safe_dump({"hydra": {"runtime": {"choices": written}}}))
    assert choices.read_choices(tmp_path) == {"objective": "beta", "objective.schedule": "linear"}
    for content in ("", "[", "3", "hydra: {runtime: 3}", "hydra: {runtime: {choices: [1]}}"):
        (tmp_path / ".hydra" / "hydra.yaml").write_text(content)
        assert choices.read_choices(tmp_path) == {}


@pytest.mark.usefixtures("light")
def test_a_page_can_be_written_within_a_job_of_hydra(tmp_path: Path) -> None:
    """As `vaelab train` and `vaelab diagnose` do; the job's own Hydra is there again afterwards."""
    record = Record(folders.run(tmp_path / "run", epochs=2))
    choices._default.cache_clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        job = GlobalHydra.instance().hydra
        words = Seen(run_page(record, 0)).words
        assert GlobalHydra.instance().hydra is job and hydra_compose("train").seed == 0
    assert "cannot be read" not in words and "settings that differ from the default" in words


def test_the_default_is_what_the_command_would_use() -> None:
    assert choices.default_config() == compose()
    assert choices.default_choices()["objective"] == "elbo" and "hydra" not in choices.default_choices()
