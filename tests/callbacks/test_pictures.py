"""The callback: when it draws, and that what does not fit is told before the first step."""

from pathlib import Path

import pytest
import pytorch_lightning as pl

from tests.factory import hierarchy, make_trainer
from tests.training.test_training import ADAM
from vaelab import HVAE, build, compose
from vaelab.callbacks import Pictures
from vaelab.data.digits import Digits
from vaelab.errors import ConfigError
from vaelab.objective import Elbo
from vaelab.pictures import Reconstructions, Samples, Traversal
from vaelab.pictures.picture import Picture

QUICK = {"limit_train_batches": 1, "limit_val_batches": 0, "enable_checkpointing": False}


def fit(folder: Path, every_n_epochs: int, kinds: dict[str, Picture]) -> pl.Trainer:
    data = Digits(batch_size=16, transform="auto")
    data.give(("binary",), "bernoulli", 0)
    trainer = make_trainer(folder, [Pictures(every_n_epochs=every_n_epochs, images=3, kinds=kinds)], 3, **QUICK)
    trainer.fit(HVAE(hierarchy([3, 2], x_shape=(1, 8, 8)), Elbo(), ADAM(), "binary"), datamodule=data)
    return trainer


@pytest.mark.parametrize(
    ("every", "numbers"), [(0, [""]), (1, ["", "_epoch0001", "_epoch0002"]), (2, ["", "_epoch0002"])]
)
def test_they_are_drawn_every_n_epochs_and_at_the_end(every: int, numbers: list[str], tmp_path: Path) -> None:
    kinds = {"a": Samples(rows=1, temperature=0.7, truncation=None), "b": Reconstructions()}
    fit(tmp_path, every, kinds)
    names = sorted(path.name for path in (tmp_path / "images").iterdir())
    assert names == sorted(f"{name}{number}.png" for name in kinds for number in numbers)


def test_what_does_not_fit_the_model_is_told_before_the_first_step(tmp_path: Path) -> None:
    wrong = Traversal(layer=3, unit=1, images=1, steps=3, reach=3.0, temperature=0.0)
    with pytest.raises(ConfigError, match=r"^callbacks\.pictures\.kinds\.t\.layer=3: this model has 2 layers"):
        fit(tmp_path, 0, {"t": wrong})
    assert not (tmp_path / "images").exists()


def test_a_picture_that_the_model_cannot_draw_loses_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = compose(
        [
            *("model=vae", "prior=mixture", "data=digits", "logger=[]", "trainer=smoke"),
            *("callbacks.pictures.kinds.samples.truncation=2.0", "encoder.net.widths=[8]", "decoder.net.widths=[8]"),
        ]
    )
    run = build(config, tmp_path)
    run.fit()
    assert "no pictures: pictures.samples: no truncation is defined" in capsys.readouterr().out
    assert (tmp_path / "checkpoints" / "last.ckpt").exists()
