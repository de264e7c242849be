"""A trained run folder, read back."""

from pathlib import Path
from typing import Any, NamedTuple

import torch

from vaelab.config.run_folder import find_checkpoint, read_config
from vaelab.data.fingerprint import fingerprint
from vaelab.data.image_data import ImageData
from vaelab.errors import CheckpointError
from vaelab.training.build import build_data, build_model
from vaelab.training.modules import HVAE
from vaelab.training.segments import other_data
from vaelab.training.store import load as load_checkpoint


class Loaded(NamedTuple):
    """The module in eval mode, its data in units, the config, and which weights were taken."""

    module: HVAE
    data: ImageData
    config: dict[str, Any]
    weights: str
    step: int


def load(run: str | Path, weights: str = "best", device: str | torch.device = "cpu") -> Loaded:
    """Read config.json and checkpoints/<weights>.ckpt of a run folder.

    `best` falls back to `last` where no best was chosen (a run shorter than its KL warm-up). Both are the moving
    average where the run kept one; `raw` is last's weights without it. Raises CheckpointError for a folder that is no
    run, has no checkpoint, or whose checkpoint is damaged or of another model.
    """
    folder = Path(run)
    config = read_config(folder)
    path = find_checkpoint(folder, weights)
    state = load_checkpoint(path, device)
    ema = (config.get("callbacks") or {}).get("ema")
    # with an average, state_dict is the average, and the weights it is of lie beside it
    values = state.get("current_model_state", state["state_dict"]) if weights == "raw" else state["state_dict"]
    name = path.stem + ("" if ema is None else ", raw" if weights == "raw" else f", EMA {ema['decay']:g}")
    data = build_data(config)
    if words := other_data(folder, fingerprint(data)):
        print(f"note: {words}", flush=True)
    module = build_model(config, data)
    try:
        module.load_state_dict(values)
    except (RuntimeError, KeyError) as error:
        raise CheckpointError(
            f"{path} does not fit the model of {folder / 'config.json'}: {str(error).splitlines()[-1].strip()}"
        ) from error
    return Loaded(module.to(device).eval(), data, config, name, int(state["global_step"]))
