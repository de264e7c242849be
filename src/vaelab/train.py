"""vaelab train: one run folder from one config."""

import errno
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from vaelab.config.paths import CONF, plain
from vaelab.door import door, failures_told
from vaelab.errors import ResourceError, UserError
from vaelab.lock import held
from vaelab.rank import is_first
from vaelab.told import contents, summary

if TYPE_CHECKING:
    from vaelab.training.resume import Start


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="train")
@door
def main(cfg: DictConfig) -> float | tuple[float, ...] | None:
    """Train and evaluate; a job of a sweep does so in a process of its own, and returns what `returns` names."""
    from vaelab.config.check import check
    from vaelab.config.run_folder import remove_if_unused
    from vaelab.config.tasks import refuse_other_tasks

    job = HydraConfig.get()
    folder = Path(job.runtime.output_dir)
    sweeping = job.mode == RunMode.MULTIRUN
    # the other processes of a DDP run share the folder that the first one has prepared
    first = is_first()
    try:
        settings = plain(cfg)
        if sweeping:
            from vaelab.sweep.job import run_job

            return run_job(settings, folder, job)
        check(settings, choices=dict(job.runtime.choices))
        refuse_other_tasks(settings["trainer"])
        with held(folder) if first else nullcontext(), failures_told(folder, first):
            _train_or_go_on(settings, cfg, folder, first)
        return None
    except UserError:
        if first and not sweeping:
            remove_if_unused(folder)
        raise


def _train_or_go_on(settings: dict[str, Any], cfg: DictConfig, folder: Path, first: bool) -> None:
    """What is to be done in `folder`: begin, go on with what stopped, or say that it is finished."""
    from vaelab.config.run_folder import holds_run, write_notes
    from vaelab.resume import again, resume

    if settings["resume"] is not None:
        return resume(settings, folder, list(HydraConfig.get().overrides.task), first)
    if holds_run(folder):
        return again(settings, folder, first)
    if first:
        write_notes(folder, HydraConfig.instance().cfg, cfg)
    train(settings, folder, first)


def train(cfg: dict[str, Any], folder: Path, first: bool = True, start: "Start | None" = None) -> float:
    """Train `cfg` into `folder`, from `start` on where one is given, evaluate it as `cfg["evaluation"]` says, and
    return the elbo."""
    import torch

    from vaelab.training.build import build
    from vaelab.training.machine import keep_memory
    from vaelab.training.quiet import quiet
    from vaelab.training.signals import signals_as_they_were
    from vaelab.training.store import write_json

    quiet()
    keep_memory()
    if cfg["threads"]:
        torch.set_num_threads(cfg["threads"])
    run = build(cfg, folder)
    if first:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "config.json", cfg)
        print(f"run folder: {folder}\n{summary(run)}", flush=True)
        if start is not None:
            print(start.words, flush=True)
        half = str(cfg["trainer"].get("precision")).startswith(("16", "bf16"))
        if half and cfg["trainer"].get("accelerator") == "cpu":
            print("note: 16-bit networks run several times slower than 32-bit ones on most CPUs", flush=True)
    try:
        for logger in run.trainer.loggers:
            logger.log_hyperparams(cfg)
        with signals_as_they_were():
            run.fit(start and start.state)
        return _finish(run, cfg, folder) if first else 0.0
    except (torch.OutOfMemoryError, MemoryError, RuntimeError, OSError) as error:
        raise _resources(error, cfg) or error from error
    finally:
        _close_wandb()


def _finish(run: Any, cfg: dict[str, Any], folder: Path) -> float:
    """Evaluate with the best weights, log the figures as test/…, write DONE.json and the closing table."""
    from vaelab.callbacks import History
    from vaelab.diagnostics.causes import EARLY
    from vaelab.evaluate import evaluate_run
    from vaelab.report import report_or_why
    from vaelab.tables import evaluation_table, layer_term, show
    from vaelab.training.store import write_json

    facts = {"run": str(folder), "weights": "best", "device": str(run.module.device)}
    report = evaluate_run({**facts, "seed": cfg["seed"], "max_images": None, **cfg["evaluation"]})
    told = ("elbo", "reconstruction", "kl", "objective", "iw_bound")
    figures = {key: report[key]["value"] for key in told if report[key] is not None}
    for layer in report["layers"]:
        term, share = layer_term(layer)
        figures[f"{term}/{layer['layer']}"] = share["value"]
        if layer["active_units"] is not None:
            figures[f"active_units/{layer['layer']}"] = float(layer["active_units"])
    if "bits_per_dim" in report:
        figures["bits_per_dim"] = report["bits_per_dim"]
    for callback in run.trainer.callbacks:
        if isinstance(callback, History):
            callback.write(run.trainer, {f"{report['split']}/{key}": value for key, value in figures.items()})
            callback.teardown(run.trainer, run.module, "test")
    for logger in run.trainer.loggers:
        logger.save()
    step = run.trainer.global_step
    write_json(folder / "DONE.json", {"elbo": figures["elbo"], "step": step, "figures": figures})
    show(evaluation_table(report))
    if cfg.get("diagnosis") and run.trainer.global_step >= EARLY:
        _diagnose(facts, cfg)
    if cfg.get("report"):
        print(report_or_why(folder), flush=True)
    print(contents(folder))
    return figures["elbo"]


def _diagnose(facts: dict[str, Any], cfg: dict[str, Any]) -> None:
    """diagnosis.json and its verdict; one that fails is told in a line, and loses nothing of the run."""
    from vaelab.diagnose import diagnose_run, words_of

    of = {"seed": cfg["seed"], "split": cfg["evaluation"]["split"], "max_rows": cfg["evaluation"]["max_rows"]}
    try:
        diagnosis = diagnose_run({**facts, **of, **cfg["diagnosis"]})
        print(words_of(diagnosis), flush=True)
        if "max_minutes" in str(diagnosis):
            print(f"what was left out for time, `vaelab diagnose run={facts['run']}` may take more of", flush=True)
    except Exception as error:
        print(f"no diagnosis: {error}; `vaelab diagnose run={facts['run']}` tries again", flush=True)


def _resources(error: BaseException, cfg: dict[str, Any]) -> ResourceError | None:
    """The error as one of memory or disk, if it is one."""
    import torch

    text = str(error)
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or "not enough memory" in text:
        return ResourceError(
            f"out of memory with data.batch_size={cfg['data']['batch_size']} ({text.splitlines()[0] if text else ''}). "
            "Try half of it, or a smaller evaluation.max_rows."
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return ResourceError(f"no space left for {error.filename or 'the run folder'}: free some and start again")
    return None


def _close_wandb() -> None:
    """End this run's wandb run, so that the next job of a sweep does not log into it."""
    import sys

    wandb = sys.modules.get("wandb")
    if wandb is not None and getattr(wandb, "run", None) is not None:
        wandb.finish()


if __name__ == "__main__":
    main()
