"""vaelab sample: samples, reconstructions and the coarse-to-fine grid of a run."""

from pathlib import Path

import hydra
from omegaconf import DictConfig, OmegaConf

from vaelab.config.paths import CONF


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="sample")
def main(cfg: DictConfig) -> None:
    from vaelab.config.doors import check_sample

    plain = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(plain, dict)
    check_sample(plain)

    from vaelab.errors import ConfigError
    from vaelab.pictures import draw_all
    from vaelab.training.load import load

    run = load(plain["run"], plain["weights"], plain["device"])
    temperature, depth = plain["temperature"], run.module.hierarchy.depth
    if isinstance(temperature, list) and len(temperature) != depth:
        raise ConfigError(
            f"temperature has {len(temperature)} values, this model has {depth} layers: "
            "give one number for all, or one for each from z1 to zL"
        )
    folder = Path(plain["run"]) / "images"
    paths = draw_all(
        run.module, run.data, plain["split"], plain["images"], temperature, folder, seed=plain["seed"]
    )
    for kind, path in paths.items():
        print(f"{kind:<16}{path}")


if __name__ == "__main__":
    main()
