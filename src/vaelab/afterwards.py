"""What is made of a run once its figures are known: its diagnosis and its report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaelab.errors import CheckpointError
from vaelab.readable import read_json
from vaelab.told import typed


def explain(folder: Path, cfg: Mapping[str, Any], step: int, device: str) -> None:
    """diagnosis.json and report.html, as far as `cfg` asks for them. What fails is told in a line and loses nothing."""
    from vaelab.report import report_or_why

    if _is_diagnosed(cfg, step):
        _diagnose(folder, cfg, device)
    if cfg.get("report"):
        print(report_or_why(folder), flush=True)


def is_explained(folder: Path) -> bool:
    """Whether a finished run has what its config asks for."""
    cfg = read_json(folder / "config.json")
    return not (_lacks_diagnosis(folder, cfg) or (cfg.get("report") and not (folder / "report.html").exists()))


def explain_rest(folder: Path) -> None:
    """The same for a finished run that is not explained."""
    from vaelab.config.allowed import refuse_untrusted
    from vaelab.config.run_folder import read_config
    from vaelab.report import report_or_why

    if is_explained(folder):
        return
    cfg = read_config(folder)
    if _lacks_diagnosis(folder, cfg):
        try:
            refuse_untrusted(cfg, folder / "config.json")
        except CheckpointError as error:
            print(f"no diagnosis: {error}", flush=True)
        else:
            _diagnose(folder, cfg, "cpu")
    if cfg.get("report"):
        print(report_or_why(folder), flush=True)


def _lacks_diagnosis(folder: Path, cfg: Mapping[str, Any]) -> bool:
    step = read_json(folder / "DONE.json").get("step", 0)
    return _is_diagnosed(cfg, step) and not (folder / "diagnosis.json").exists()


def _is_diagnosed(cfg: Mapping[str, Any], step: int) -> bool:
    from vaelab.diagnostics.causes import EARLY

    return bool(cfg.get("diagnosis")) and step >= EARLY


def _diagnose(folder: Path, cfg: Mapping[str, Any], device: str) -> None:
    from vaelab.diagnose import diagnose_run, words_of

    of = {"seed": cfg["seed"], "split": cfg["evaluation"]["split"], "max_rows": cfg["evaluation"]["max_rows"]}
    facts = {"run": str(folder), "weights": "best", "device": device}
    try:
        diagnosis = diagnose_run({**facts, **of, **cfg["diagnosis"]}, dict(cfg))
        print(words_of(diagnosis), flush=True)
        if "max_minutes" in str(diagnosis):
            print(f"what was left out for time, `vaelab diagnose {typed('run', folder)}` may take more of", flush=True)
    except Exception as error:
        print(f"no diagnosis: {error}; `vaelab diagnose {typed('run', folder)}` tries again", flush=True)
