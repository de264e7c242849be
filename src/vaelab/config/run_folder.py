"""What a run folder may and may not hold."""

from pathlib import Path

from vaelab.errors import ConfigError


def refuse_used(folder: Path) -> None:
    """Raise ConfigError when `folder` already holds a run: nothing is overwritten."""
    used = [name for name in ("config.json", "history.jsonl", "checkpoints", "DONE.json") if (folder / name).exists()]
    if used:
        raise ConfigError(
            f"hydra.run.dir={folder} already holds a run ({', '.join(used)}). "
            "Give another hydra.run.dir, or move that folder away."
        )


def remove_if_unused(folder: Path) -> None:
    """Take away a folder in which nothing but Hydra's own notes were written: no half-made run stays behind."""
    if not folder.is_dir():
        return
    notes = folder / ".hydra"
    if any(path != notes for path in folder.iterdir()):
        return
    if notes.is_dir():
        for file in notes.iterdir():
            file.unlink()
        notes.rmdir()
    folder.rmdir()
