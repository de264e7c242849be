"""vaelab train: one run folder from one config."""

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from vaelab.config.paths import CONF, plain
from vaelab.door import door
from vaelab.errors import ResourceError, UserError

if TYPE_CHECKING:
    from vaelab.training.resume import Start


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="train")
@door
def main(cfg: DictConfig) -> float:
    """Train, evaluate, and return the test split's elbo: what a sweep maximises."""
    from vaelab.config.check import check
    from vaelab.config.run_folder import refuse_used, remove_if_unused
    from vaelab.resume import resume

    job = HydraConfig.get()
    folder = Path(job.runtime.output_dir)
    # the other processes of a DDP run share the folder that the first one has prepared
    first = os.environ.get("LOCAL_RANK", "0") == "0"
    try:
        settings = plain(cfg)
        check(settings, choices=dict(job.runtime.choices), multirun=job.mode == RunMode.MULTIRUN)
        if settings["resume"] is not None:
            return resume(settings, folder, list(job.overrides.task), first)
        if first:
            refuse_used(folder)
        return train(settings, folder, first)
    except UserError:
        if first:
            remove_if_unused(folder)
        raise


def train(cfg: dict[str, Any], folder: Path, first: bool = True, start: "Start | None" = None) -> float:
    """Train `cfg` into `folder`, from `start` on where one is given, evaluate it as `cfg["evaluation"]` says, and
    return the elbo."""
    import torch

    from vaelab.training.build import build
    from vaelab.training.machine import keep_memory
    from vaelab.training.plain import TEXT, refuse_unplain
    from vaelab.training.quiet import quiet
    from vaelab.training.signals import signals_as_they_were
    from vaelab.training.store import write_json

    quiet()
    keep_memory()
    refuse_unplain(cfg, TEXT)
    if cfg["threads"]:
        torch.set_num_threads(cfg["threads"])
    run = build(cfg, folder)
    if first:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "config.json", cfg)
        print(f"run folder: {folder}\n{_summary(run)}", flush=True)
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
    for logger in run.trainer.loggers:
        logger.save()
    write_json(folder / "DONE.json", {"elbo": figures["elbo"], "step": run.trainer.global_step})
    show(evaluation_table(report))
    if cfg.get("diagnosis") and run.trainer.global_step >= EARLY:
        _diagnose(facts, cfg)
    if cfg.get("report"):
        print(report_or_why(folder), flush=True)
    print(_contents(folder))
    return figures["elbo"]


def _diagnose(facts: dict[str, Any], cfg: dict[str, Any]) -> None:
    """diagnosis.json and its verdict; one that fails is told in a line, and loses nothing of the run."""
    from vaelab.diagnose import diagnose_run, words_of

    of = {"seed": cfg["seed"], "split": cfg["evaluation"]["split"], "max_rows": cfg["evaluation"]["max_rows"]}
    try:
        diagnosis = diagnose_run({**facts, **of, **cfg["diagnosis"]}, cfg)
        print(words_of(diagnosis), flush=True)
        if "max_minutes" in str(diagnosis):
            print(f"what was left out for time, `vaelab diagnose run={facts['run']}` may take more of", flush=True)
    except Exception as error:
        print(f"no diagnosis: {error}; `vaelab diagnose run={facts['run']}` tries again", flush=True)


def _summary(run: Any) -> str:
    parameters = sum(p.numel() for p in run.module.parameters())
    h = run.module.hierarchy
    layers = " ← ".join(f"z{i}[{d}]" for i, d in enumerate(h.z_dims, start=1))
    return (
        f"{type(run.module).__name__}: x{list(run.data.x_shape)} ← {layers}, {parameters:,} parameters; "
        f"data {run.data.name} in units {run.data.units} ({run.data.transform}), "
        f"{len(run.data.split('train'))} training images"
    )


def _contents(folder: Path) -> str:
    lines = [f"everything lies in {folder}:"]
    for name, text in (
        ("history.jsonl", "every figure at its step"),
        ("metrics.csv", "the same as a table"),
        ("units.jsonl", "every unit at every validation"),
        ("evaluation.json", "the figures above"),
        ("diagnosis.json", "what each layer carries, the gap, the blur"),
        ("report.html", "all of it as a page: open it in a browser"),
        ("images", "samples, reconstructions, coarse to fine, blur, units"),
        ("checkpoints", "best.ckpt, last.ckpt, and alive.ckpt from before a collapse"),
        ("wandb", f"curves in the terminal: wandb leet {folder / 'wandb'}"),
        ("tensorboard", f"curves in a browser: tensorboard --logdir {folder}"),
    ):
        if (folder / name).exists():
            lines.append(f"  {name:<16}{text}")
    lines.append(f"next: vaelab evaluate run={folder} iw_samples=5000; vaelab sample run={folder}")
    return "\n".join(lines)


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
