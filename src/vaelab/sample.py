"""vaelab sample: samples, reconstructions and the coarse-to-fine grid of a run."""

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

    from vaelab.errors import ConfigError
    from vaelab.pictures import draw_all
    from vaelab.training.load import load
    from vaelab.training.quiet import quiet

    quiet()
    run = load(settings["run"], settings["weights"], settings["device"])
    temperature, depth = settings["temperature"], run.module.hierarchy.depth
    if isinstance(temperature, list) and len(temperature) != depth:
        raise ConfigError(
            f"temperature has {len(temperature)} values, this model has {depth} layers: "
            "give one number for all, or one for each from z1 to zL"
        )
    folder = Path(settings["run"]) / "images"
    paths = draw_all(
        run.module, run.data, settings["split"], settings["images"], temperature, folder, seed=settings["seed"]
    )
    for kind, path in paths.items():
        print(f"{kind:<16}{path}")


if __name__ == "__main__":
    main()
