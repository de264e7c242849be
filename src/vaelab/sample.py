"""vaelab sample: pictures of a run."""

from pathlib import Path

import hydra
from omegaconf import DictConfig

from vaelab.config.paths import CONF, plain
from vaelab.door import door


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="sample")
@door
def main(cfg: DictConfig) -> None:
    from vaelab.config.doors import check_sample

    settings = plain(cfg)
    check_sample(settings)

    from hydra.utils import instantiate

    from vaelab.config.fault import Fault, refuse
    from vaelab.pictures import draw_all
    from vaelab.pictures.picture import temperature_faults
    from vaelab.training.load import load
    from vaelab.training.quiet import quiet

    quiet()
    run = load(settings["run"], settings["weights"], settings["device"])
    if settings["temperature"] is not None:
        texts = temperature_faults(settings["temperature"], run.module.hierarchy.depth)
        refuse([Fault(text) for text in texts])
        for picture in settings["pictures"].values():
            if "temperature" in picture:
                picture["temperature"] = settings["temperature"]
    pictures = instantiate(settings["pictures"], _convert_="all")
    folder = Path(settings["run"]) / "images"
    facts = (settings["split"], settings["images"], folder, settings["suffix"], settings["seed"])
    paths = draw_all(run.module, run.data, pictures, *facts)
    for kind, path in paths.items():
        print(f"{kind:<16}{path}")


if __name__ == "__main__":
    main()
