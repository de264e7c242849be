"""vaelab train: one run folder from one config."""

from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from vaelab.config.paths import CONF, plain
from vaelab.door import door, failures_told
from vaelab.errors import UserError
from vaelab.lock import held
from vaelab.other_rank import as_rank
from vaelab.rank import is_first
from vaelab.signals import Interrupted, write_stopped
from vaelab.told import contents, typed

if TYPE_CHECKING:
    from vaelab.training.resume import Start


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="train")
@door
def main(cfg: DictConfig) -> float | tuple[float, ...] | None:
    """Train and evaluate; a job of a sweep does so in a process of its own, and returns what `returns` names."""
    from vaelab.config.check import check
    from vaelab.config.run_folder import remove_if_unused
    from vaelab.config.tasks import refuse_other_tasks
    from vaelab.config.writable import refuse_unwritable

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
        if first:
            refuse_unwritable(folder)
        with held(folder) if first else nullcontext():
            try:
                _train_or_go_on(settings, cfg, folder, first)
            except (UserError, Interrupted) as leaving:
                if first and isinstance(leaving, Interrupted):
                    _say_stopped(folder, leaving, None)
                if first:
                    remove_if_unused(folder)
                raise
        return None
    except UserError:
        if first and not sweeping:
            with suppress(OSError):  # what Hydra has made, if nobody else has come since
                folder.rmdir()
        raise


def _train_or_go_on(settings: dict[str, Any], cfg: DictConfig, folder: Path, first: bool) -> None:
    """What is to be done in `folder`: begin, go on with what stopped, or say that it is finished."""
    from vaelab.afterwards import explain_rest
    from vaelab.config.run_folder import holds_run, write_notes
    from vaelab.resume import again, resume

    typed_now, start = list(HydraConfig.get().overrides.task), None
    if settings["resume"] is not None:
        start = resume(settings, folder, typed_now, first)
    elif holds_run(folder):
        start = again(settings, folder, typed_now, first)
    elif first:
        write_notes(folder, HydraConfig.instance().cfg, cfg)
    if start is None and (folder / "DONE.json").exists():
        if first:
            explain_rest(folder)
        return  # nothing is left to train
    with failures_told(folder, first):
        train({**settings, "resume": None}, folder, first, start)


def train(cfg: dict[str, Any], folder: Path, first: bool = True, start: "Start | None" = None) -> float:
    """Train `cfg` into `folder`, from `start` on where one is given, evaluate it as `cfg["evaluation"]` says, and
    return the elbo."""
    import torch

    from vaelab.logger.mirrors import close_wandb, each_logger
    from vaelab.training.begin import begin
    from vaelab.training.build import build
    from vaelab.training.exhausted import explained
    from vaelab.training.fork import begin_from
    from vaelab.training.machine import keep_memory
    from vaelab.training.plain import TEXT, refuse_unplain
    from vaelab.training.quiet import quiet
    from vaelab.training.signals import signals_as_they_were

    quiet()
    keep_memory()
    refuse_unplain(cfg, TEXT)
    if cfg["threads"]:
        torch.set_num_threads(cfg["threads"])
    run = build(cfg, folder)
    begins = start is None or start.state is None
    forked = begin_from(run.module, Path(cfg["fork"])) if cfg.get("fork") and begins else None
    if start is not None:
        start.refuse_other(run.trainer.world_size)
    if first:
        begin(run, cfg, folder, start, forked)
    code = 1
    try:
        each_logger(run.trainer, lambda logger: logger.log_hyperparams(cfg))
        with signals_as_they_were():
            run.fit(start and start.state)
        elbo = _finish(run, cfg, folder) if first else 0.0
        code = 0
        return elbo
    except Interrupted as leaving:
        code = int(leaving.code or 0)
        if first:
            _say_stopped(folder, leaving, run.trainer)
        raise
    except (torch.OutOfMemoryError, MemoryError, RuntimeError, OSError) as error:
        raise explained(error, cfg, run.trainer) or error from error
    finally:
        close_wandb(code)


def _finish(run: Any, cfg: dict[str, Any], folder: Path) -> float:
    """Evaluate with the best weights, log the figures as test/…, write DONE.json and the closing table."""
    from vaelab.afterwards import explain
    from vaelab.atomic import write_json
    from vaelab.callbacks import History
    from vaelab.evaluate import evaluate_run
    from vaelab.logger.mirrors import each_logger
    from vaelab.tables import evaluation_table, layer_term, show

    facts = {"run": str(folder), "weights": "best", "device": str(run.module.device)}
    report = evaluate_run({**facts, "seed": cfg["seed"], "max_images": None, **cfg["evaluation"]}, cfg)
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
    each_logger(run.trainer, lambda logger: logger.save())
    step = run.trainer.global_step
    write_json(folder / "DONE.json", {"elbo": figures["elbo"], "step": step, "figures": figures})
    show(evaluation_table(report))
    explain(folder, cfg, step, facts["device"])
    print(contents(folder))
    return figures["elbo"]


def _say_stopped(folder: Path, leaving: Interrupted, trainer: Any) -> None:
    """STOPPED.json of a run that was left where there is nothing to save, if nothing has been said."""
    if leaving.told:
        return
    leaving.told = True
    if (folder / "DONE.json").exists():
        print(f"\nstopped by {leaving.name}: the run is finished; the same command writes what it lacks", flush=True)
    elif not (folder / "config.json").exists():
        print(f"\nstopped by {leaving.name} before there was a run", flush=True)
    else:
        at = (None, None) if trainer is None else (trainer.global_step, trainer.current_epoch)
        write_stopped(folder, leaving, *at)
        print(f"\nstopped by {leaving.name}: `vaelab train {typed('resume', folder)}` goes on", flush=True)


if __name__ == "__main__":
    as_rank(main)
