"""A bare folder as run=…: read back by Hydra's own parser."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from vaelab.config.run_argument import with_run
from vaelab.errors import ConfigError


@pytest.mark.parametrize(
    "name", ["outputs/beta", "a b", "0", "1e-3", "null", "a,b", "it's", "back\\slash", "b\\'s", "end\\", "[x]"]
)
def test_a_folder_that_is_there_is_the_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).mkdir(parents=True)
    first, *rest = with_run("evaluate", [name, "iw_samples=3", "-m"])
    assert rest == ["iw_samples=3", "-m"]
    (override,) = OverridesParser.create().parse_overrides([first])
    assert override.key_or_group == "run" and str(override.value()) == name and not override.is_sweep_override()


def test_one_that_looks_like_a_folder_is_the_run_too() -> None:
    assert with_run("evaluate", ["gone/x", "seed=1"]) == ["run='gone/x'", "seed=1"]
    assert with_run("evaluate", ["-m", "gone/x"]) == ["-m", "run='gone/x'"]


@pytest.mark.parametrize(
    "arguments",
    [["split"], ["run=a/b"], ["run=a/b", "run=c/d"], ["-m", "run=a/b,c/d"], ["--config-dir", "a/b"], ["--sed"],
     ["+data/x=y"], ["--cfg", "job"], ["features=a/b"]],
)  # fmt: skip
def test_all_else_is_left_to_hydra(arguments: list[str]) -> None:
    assert with_run("evaluate", arguments) == arguments


@pytest.mark.parametrize("arguments", [["a/b", "c/d"], ["run=a/b", "c/d"], ["a/b", "run=c/d"]])
def test_two_are_refused(arguments: list[str]) -> None:
    with pytest.raises(ConfigError, match="sample takes one run folder, not 2: a/b c/d; for several"):
        with_run("sample", arguments)


def test_the_jobs_of_a_sweep_are_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their names have what Hydra takes for more: a setting's = and a list's comma."""
    monkeypatch.chdir(tmp_path)
    for name in ("x/lr=0.1,seed=0", "seed=0"):
        Path(name).mkdir(parents=True)
    assert with_run("evaluate", ["x/lr=0.1,seed=0", "seed=0"]) == ["run='x/lr=0.1,seed=0'", "seed=0"]
    assert with_run("evaluate", ["run=x/lr=0.1,seed=0"]) == ["run='x/lr=0.1,seed=0'"]
    assert with_run("evaluate", ["run=a,b", "-m"]) == ["run=a,b", "-m"]
