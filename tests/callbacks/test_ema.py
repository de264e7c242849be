"""The moving average against a plain loop, and which weights a checkpoint holds."""

import json
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

from tests.factory import hierarchy, images, make_trainer
from tests.training.test_training import ADAM, weights
from vaelab import HVAE, build, compose
from vaelab import load as load_run
from vaelab.callbacks import Checkpoints, Ema, History, Noise
from vaelab.data.batches import EvalBatches, TrainBatches
from vaelab.evaluate import evaluate
from vaelab.objective import Elbo
from vaelab.training.store import Store, load


class Watch(pl.Callback):
    """The weights after each step."""

    def __init__(self) -> None:
        self.seen: list[list[torch.Tensor]] = []

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *args: object) -> None:
        self.seen.append(weights(module))


def fit(folder: Path, decay: float) -> tuple[HVAE, Watch]:
    module, watch = HVAE(hierarchy([3, 2]), Elbo(), ADAM()), Watch()
    callbacks = [Noise(), History(every_n_steps=100), watch, Ema(decay=decay), Checkpoints(minutes=5)]
    trainer = make_trainer(folder, callbacks, 3, plugins=[Store()])
    trainer.fit(module, TrainBatches(images(40), 8, seed=0), EvalBatches(images(11), 4, 0, "val"))
    return module, watch


def test_it_is_the_average_of_a_plain_loop(tmp_path: Path) -> None:
    module, watch = fit(tmp_path, 0.8)
    expected = watch.seen[0]
    for step in watch.seen[1:]:
        expected = [0.8 * mean + 0.2 * w for mean, w in zip(expected, step, strict=True)]
    for mine, theirs in zip(weights(module), expected, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_the_average_is_validated_and_kept_and_the_raw_weights_lie_beside_it(tmp_path: Path) -> None:
    module, watch = fit(tmp_path, 0.8)
    last, best = (load(tmp_path / "checkpoints" / f"{name}.ckpt") for name in ("last", "best"))
    names = [name for name, _ in module.named_parameters()]
    for i, name in enumerate(names):
        torch.testing.assert_close(last["state_dict"][name], weights(module)[i])
        assert torch.equal(last["current_model_state"][name], watch.seen[-1][i])
    # the last validation's elbo is the best one here, so both checkpoints are of the same step
    assert best["global_step"] == last["global_step"]
    for name in names:
        torch.testing.assert_close(best["state_dict"][name], last["state_dict"][name])
    rows = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    val = EvalBatches(images(11), 4, 0, "val")
    trainer = make_trainer(tmp_path, [Noise()], 1)
    trainer.validate(module, val, verbose=False)
    validated = [row["val/elbo"] for row in rows if "val/elbo" in row]
    assert float(trainer.callback_metrics["val/elbo"]) == pytest.approx(validated[-1], abs=1e-5)


def test_no_decay_is_no_average(tmp_path: Path) -> None:
    module, watch = fit(tmp_path, 0.0)
    assert all(torch.equal(a, b) for a, b in zip(weights(module), watch.seen[-1], strict=True))


def test_evaluation_says_which_weights(tmp_path: Path) -> None:
    config = compose(
        [
            *("model=vae", "callbacks=ema", "data=digits", "logger=[]", "~callbacks.pictures", "trainer=smoke"),
            *("encoder.net.widths=[8]", "decoder.net.widths=[8]", "callbacks.ema.decay=0.5"),
        ]
    )
    run = build(config, tmp_path)
    run.fit()
    (tmp_path / "config.json").write_text(json.dumps(config))
    names, values = [], []
    for asked in ("best", "last", "raw"):
        loaded = load_run(tmp_path, asked)
        names.append(loaded.weights)
        values.append(evaluate(loaded, "val", 2, 100, 0)["elbo"]["value"])
    assert names == ["best, EMA 0.5", "last, EMA 0.5", "last, raw"]
    assert values[0] == values[1] != values[2]


def test_pictures_are_of_the_average(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = compose(
        [
            *("model=vae", "callbacks=ema", "data=digits", "logger=[]", "trainer.max_epochs=2"),
            *("encoder.net.widths=[8]", "decoder.net.widths=[8]", "callbacks.ema.decay=0.5"),
            *("callbacks.pictures.every_n_epochs=1", "trainer.limit_train_batches=3", "data.batch_size=32"),
        ]
    )
    from vaelab.callbacks import pictures

    run, drawn, averages = build(config, tmp_path), [], []
    ema = next(c for c in run.trainer.callbacks if isinstance(c, Ema))

    def draw_all(module: HVAE, *args: object) -> dict[str, Path]:
        drawn.append(weights(module))
        return {}

    class After(pl.Callback):
        def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
            averages.append([p.detach().clone() for p in ema._average_model.module.parameters()])

    monkeypatch.setattr(pictures, "draw_all", draw_all)
    run.trainer.callbacks.append(After())
    run.fit()
    assert len(drawn) == len(averages) == 2
    for own, average in zip(drawn, averages, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(own, average, strict=True))


def test_a_signal_after_a_step_saves_an_average_that_has_taken_it_in() -> None:
    names = list(compose(["callbacks=ema"])["callbacks"])
    assert names.index("ema") < names.index("interrupt") < names.index("checkpoints")
