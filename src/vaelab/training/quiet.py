"""Only what a user can act on is shown."""

import logging
import os
import warnings


def quiet() -> None:
    """Silence what Lightning and wandb say at every start; errors and our own words stay."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    logging.getLogger("lightning.fabric").setLevel(logging.ERROR)
    logging.getLogger("lightning_fabric").setLevel(logging.ERROR)
    # not ours to mend, or already seen to
    for message in (
        ".*does not have many workers.*",
        ".*exists and is not empty.*",
        ".*LeafSpec.*",
        ".*smaller than the logging interval.*",
        ".*GPU available but not used.*",
        ".*sync_dist=True.*",
        ".*your dataloader is not resumable.*",
        ".*`srun` command is available.*",
    ):
        warnings.filterwarnings("ignore", message=message)
    # wandb's own lines on the terminal; its folder is told in the closing words
    os.environ.setdefault("WANDB_SILENT", "true")
    os.environ.setdefault("WANDB_CONSOLE", "off")
