"""vaelab diagnose: what each layer of a run carries, whether and why a posterior collapsed, the gap and the blur."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from omegaconf import DictConfig

from vaelab.config.paths import CONF, plain
from vaelab.door import door
from vaelab.evaluate import report_file

if TYPE_CHECKING:
    from vaelab.analyses import Analysis, Subject
    from vaelab.training.load import Loaded


def diagnose(subject: "Subject", analyses: dict[str, "Analysis"]) -> dict[str, Any]:
    """The part of each analysis by its name, and the facts of the model that the verdict asks for."""
    parts = {name: _one(name, analysis, subject) for name, analysis in analyses.items()}
    return {"model": _facts(subject.run), **parts}


def _one(name: str, analysis: "Analysis", subject: "Subject") -> dict[str, Any]:
    """An analysis, or in one sentence why there is none."""
    import time

    from vaelab.errors import ConfigError

    started = time.monotonic()
    refusal = analysis.refusal(subject.run)
    if refusal is None:
        try:
            part = analysis(subject)
            print(f"{name:<16}{time.monotonic() - started:6.1f} s", flush=True)
            return part
        # a family of distributions without a rule for what was asked: the others still tell something
        except (ConfigError, NotImplementedError) as error:
            refusal = str(error)
    print(f"{name:<16}left out: {refusal}", flush=True)
    return {"skipped": refusal}


def _facts(run: "Loaded") -> dict[str, Any]:
    from vaelab.diagnostics.verdict import NOTHING
    from vaelab.likelihood.autoregressive import Autoregressive

    objective = run.module.objective
    monitor = (run.config.get("callbacks") or {}).get("collapse") or {}
    return {
        "kl_weight": objective.kl_weight(run.step),
        "kl_weight_at_start": objective.kl_weight(0),
        "lower_weight": _lower_weight(run.config["objective"]),
        "nothing": monitor.get("collapsed_nats_per_unit", NOTHING),
        "autoregressive": isinstance(run.module.hierarchy.likelihood, Autoregressive),
    }


def _lower_weight(objective: dict[str, Any]) -> str:
    """The override that brings the kl's weight to 1, for this objective."""
    schedule = objective.get("schedule", {})
    for key in ("value", "end"):
        if key in schedule:
            return f"objective.schedule.{key}=1"
    return "objective.alpha=0" if "alpha" in objective else "objective=elbo"


def diagnose_run(cfg: dict[str, Any]) -> dict[str, Any]:
    """Diagnose a run folder as `cfg` (conf/diagnose.yaml) says, write its diagnosis.json and return it.

    Analyses that were made before, of the same weights and split, stay.
    """
    from hydra.utils import instantiate

    from vaelab.analyses import Subject
    from vaelab.atomic import write_json
    from vaelab.config.again import changed
    from vaelab.config.run_folder import read_overrides
    from vaelab.diagnostics.causes import part
    from vaelab.diagnostics.verdict import verdict
    from vaelab.training.load import load

    run = load(cfg["run"], cfg["weights"], cfg["device"])
    subject = Subject(run, cfg["split"], cfg["seed"], cfg["max_rows"], Path(cfg["run"]) / "images", cfg["max_minutes"])
    about = {"run": str(cfg["run"]), "weights": run.weights, "step": run.step}
    about |= {"split": cfg["split"], "seed": cfg["seed"]}
    file = report_file(cfg, "diagnosis")
    made = diagnose(subject, instantiate(cfg["analyses"], _convert_="all"))
    before = _before(file, about)
    # what was made before is worth more than the word that there was no time for it now
    kept = {name for name in made if part(before, name) and not part(made, name)}
    diagnosis = {**before, **about, **{name: told for name, told in made.items() if name not in kept}}
    diagnosis.pop("verdict", None)
    if part(diagnosis, "units"):
        diagnosis["verdict"] = verdict(diagnosis)
        for cause in diagnosis["verdict"]["causes"]:
            if cause["overrides"]:
                cause["command"] = changed(read_overrides(Path(cfg["run"])), cause["overrides"])
    write_json(file, diagnosis)
    return diagnosis


def words_of(diagnosis: dict[str, Any]) -> str:
    """The verdict, the command to try next, and what was left out for want of time."""
    verdict = diagnosis.get("verdict", {})
    lines = [verdict.get("words", "no verdict without the analysis `units`")]
    lines += [f"next: {cause['command']}" for cause in verdict.get("causes", [])[:1] if "command" in cause]
    return "\n".join(lines)


def _before(file: Path, about: dict[str, Any]) -> dict[str, Any]:
    """What is written already of the same weights, split and seed."""
    try:
        found = json.loads(file.read_text())
        return found if all(found[key] == about[key] for key in ("weights", "step", "split", "seed")) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="diagnose")
@door
def main(cfg: DictConfig) -> None:
    from vaelab.config.doors import check_diagnose

    settings = plain(cfg)
    check_diagnose(settings)

    from vaelab.report import report_or_why
    from vaelab.tables import show
    from vaelab.terminal.diagnosis import diagnosis_tables
    from vaelab.training.machine import keep_memory
    from vaelab.training.quiet import quiet

    quiet()
    keep_memory()
    diagnosis = diagnose_run(settings)
    for table in diagnosis_tables(diagnosis):
        show(table)
    print(words_of(diagnosis))
    for cause in diagnosis.get("verdict", {}).get("causes", [])[1:]:
        print(f"also possible ({cause['score']:.2f}): {cause['cause']}: {cause['evidence']}. Try: {cause['try']}")
    print(f"written to {report_file(settings, 'diagnosis')}")
    print(report_or_why(Path(settings["run"])))


if __name__ == "__main__":
    main()
