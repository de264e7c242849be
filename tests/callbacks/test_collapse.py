"""The monitor: a run that collapses and one that does not, what follows, and that watching changes nothing."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch

from tests.callbacks.offline import records
from tests.factory import hierarchy, images, make_trainer
from tests.training.test_training import ADAM, equal, weights
from vaelab import HVAE
from vaelab.callbacks import Checkpoints, CollapseMonitor, Ema, History, Noise, carried, collapse, unit_maps
from vaelab.data.batches import EvalBatches, TrainBatches
from vaelab.data.digits import Digits
from vaelab.errors import ConfigError
from vaelab.likelihood import Bernoulli, PixelCNN
from vaelab.logger.wandb import Wandb
from vaelab.nn import Shape
from vaelab.objective import Beta, Constant, Elbo, Linear, Objective
from vaelab.posterior.full_covariance import ToFullNormal
from vaelab.training.store import Store, load

MONITOR = partial(
    CollapseMonitor,
    every_n_epochs=1,
    max_images=60,
    patience=1,
    fading_share=0.5,
    collapsed_nats_per_unit=0.01,
    on_collapse="warn",
)
STEPS = 22  # of an epoch


def heavy(end: float = 20.0) -> Beta:
    """At β = 20 no unit is worth its KL: alive at first, then collapsed."""
    return Beta(schedule=Linear(start=0.0, end=end, warmup_steps=6 * STEPS))


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[list[str] | None]:
    """Which layers were drawn, and not the pictures: they take longer than a run."""
    asked: list[list[str] | None] = []
    monkeypatch.setattr(collapse, "draw_units", lambda trainer, only=None: asked.append(only))
    return asked


def fit(
    folder: Path,
    monitor: CollapseMonitor | None,
    objective: Objective,
    epochs: int,
    *more: pl.Callback,
    z_dims: tuple[int, ...] = (4,),
    encoder: str = "residual",
    likelihood: Any = Bernoulli,
    ckpt: Path | None = None,
    **extra: Any,
) -> HVAE:
    data = Digits(batch_size=64, transform="auto")
    data.give(("binary",), "bernoulli", 0)
    model = hierarchy(list(z_dims), encoder, x_shape=(1, 8, 8), make_likelihood=likelihood)
    module = HVAE(model, objective, ADAM(), "binary")
    watching = [] if monitor is None else [monitor]
    callbacks = [Noise(), History(every_n_steps=1000), *watching, *more, Checkpoints(minutes=5)]
    trainer = make_trainer(folder, callbacks, epochs, plugins=[Store()], **extra)
    trainer.fit(module, datamodule=data, ckpt_path=ckpt)
    return module


def checks(folder: Path) -> list[dict[str, float]]:
    rows = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    return [row for row in rows if "collapse/z1" in row]


def states(folder: Path) -> list[float]:
    return [row["collapse/z1"] for row in checks(folder)]


class Dies(pl.Callback):
    """From an epoch on q(z | x) is the prior, by hand, in every layer of a top-down model; before, it is wide awake."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_train_start(self, trainer: Any, module: Any) -> None:
        with torch.no_grad():
            for head in module.hierarchy.encoder.heads.parameters():
                head.mul_(5)

    def on_validation_start(self, trainer: Any, module: Any) -> None:
        if trainer.current_epoch >= self.epoch:
            kill(module.hierarchy)


def kill(model: Any) -> None:
    """Heads that give zeros: q(z_L | x) = N(0, I), and below, where q is told by its distance to p, q = p."""
    with torch.no_grad():
        for parameter in model.encoder.heads.parameters():
            parameter.zero_()


def test_a_run_that_collapses_is_told_and_its_weights_from_before_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], drawn: list[list[str] | None]
) -> None:
    fit(tmp_path, MONITOR(), heavy(), 5)
    course = states(tmp_path)
    first = course.index(2)
    assert course == [0] * first + [2] * (5 - first) and 1 <= first <= 3
    out = capsys.readouterr().out
    assert out.count(f"epoch {first + 1}: z1 is collapsed: 0 of 4 units active, 0.0") == 1
    assert f"nats; was alive. Kept: {tmp_path}/checkpoints/alive.ckpt; `vaelab diagnose run={tmp_path}`" in out
    assert load(tmp_path / "checkpoints" / "alive.ckpt")["global_step"] == first * STEPS
    assert "optimizer_states" not in load(tmp_path / "checkpoints" / "alive.ckpt")
    assert drawn == [["z1"], None], "as the state changed, and at the end"


def test_the_same_run_with_a_beta_of_one_stays_alive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], drawn: list[list[str] | None]
) -> None:
    fit(tmp_path, MONITOR(), heavy(1.0), 5)
    assert states(tmp_path) == [0] * 5
    assert "z1" not in capsys.readouterr().out and drawn == [None]
    assert load(tmp_path / "checkpoints" / "alive.ckpt")["global_step"] == 4 * STEPS, "not at the last check"
    assert checks(tmp_path)[-1]["val/information/z1"] > 0.5


def test_an_autoregressive_decoder_does_without_z_where_a_plain_one_needs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def pixelcnn(x_shape: Shape) -> PixelCNN:
        return PixelCNN(x_shape, features=2, channels=8, layers=2, kernel=3)

    for name, likelihood in (("plain", Bernoulli), ("pixelcnn", pixelcnn)):
        fit(tmp_path / name, MONITOR(patience=2), Beta(schedule=Constant(value=1.5)), 3, likelihood=likelihood)
    assert states(tmp_path / "plain") == [0, 0, 0] and states(tmp_path / "pixelcnn") == [2, 2, 2]
    out = capsys.readouterr().out
    assert out.count("epoch 2: z1 has not woken up: 0 of 4 units active") == out.count("epoch") == 1
    assert not (tmp_path / "pixelcnn" / "checkpoints" / "alive.ckpt").exists() and "Kept" not in out


def test_a_model_made_to_be_its_prior_reads_so_in_every_figure(tmp_path: Path) -> None:
    fit(tmp_path, MONITOR(), Elbo(), 2, Dies(1), z_dims=(4, 3))
    before, after = checks(tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    validated = [row for row in rows if "val/elbo" in row][-1]
    units = json.loads((tmp_path / "units.jsonl").read_text().splitlines()[-1])["layers"]
    assert [before[f"collapse/z{i}"] for i in (1, 2)] == [0, 0]
    for i in (1, 2):
        assert after[f"collapse/z{i}"] == 2
        assert after[f"val/information/z{i}"] == pytest.approx(0, abs=1e-6)
        assert after[f"val/marginal_kl/z{i}"] == pytest.approx(0, abs=1e-6)
        assert validated[f"val/active_units/z{i}"] == 0 and validated[f"val/kl/z{i}"] == pytest.approx(0, abs=1e-6)
        assert not any(units[i - 1]["active"]) and max(units[i - 1]["variance"]) < 0.01
        assert max(units[i - 1]["kl"]) == pytest.approx(0, abs=1e-6)


def test_the_weights_from_before_stay_though_the_layer_comes_back(tmp_path: Path) -> None:
    class Revives(Dies):
        def on_validation_start(self, trainer: Any, module: Any) -> None:
            awake = {name: value.clone() for name, value in module.hierarchy.encoder.state_dict().items()}
            super().on_validation_start(trainer, module)
            self.awake = self.awake if trainer.current_epoch else awake
            if trainer.current_epoch == 2:
                module.hierarchy.encoder.load_state_dict(self.awake)

        awake: dict[str, torch.Tensor] = {}

    fit(tmp_path, MONITOR(), Elbo(), 4, Revives(1), limit_train_batches=1)
    assert states(tmp_path)[:3] == [0, 2, 0]
    assert load(tmp_path / "checkpoints" / "alive.ckpt")["global_step"] == 1, "of the first check"


def test_stop_ends_the_run_and_saves_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fit(tmp_path, MONITOR(on_collapse="stop"), Elbo(), 9, Dies(2))
    assert states(tmp_path) == [0, 0, 2] and "Training stops." in capsys.readouterr().out
    assert load(tmp_path / "checkpoints" / "last.ckpt")["global_step"] == 3 * STEPS


class Betas(pl.Callback):
    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, batch_idx: int) -> None:
        self.seen.append(module.objective.schedule(trainer.global_step))


def test_restart_warmup_begins_again_at_the_next_step_and_also_after_a_checkpoint(tmp_path: Path) -> None:
    def objective() -> Beta:
        return Beta(schedule=Linear(start=0.0, end=1.0, warmup_steps=10))

    betas, after = Betas(), Betas()
    monitor = MONITOR(on_collapse="restart_warmup")
    fit(tmp_path, monitor, objective(), 3, Dies(1), betas)
    ramp = [min(1.0, step / 10) for step in range(2 * STEPS)]
    assert states(tmp_path)[:2] == [0, 2] and monitor.restarted == 2 * STEPS
    assert betas.seen == ramp + ramp[:STEPS]
    again = MONITOR(on_collapse="restart_warmup")
    fit(tmp_path, again, objective(), 4, Dies(1), after, ckpt=tmp_path / "checkpoints" / "last.ckpt")
    assert after.seen == [1.0] * STEPS and again.restarted == 2 * STEPS
    resumed = fit(tmp_path, MONITOR(), objective(), 5, ckpt=tmp_path / "checkpoints" / "last.ckpt")
    assert not resumed.objective.settled(2 * STEPS + 9) and resumed.objective.settled(2 * STEPS + 10)


@pytest.mark.parametrize("objective", [Elbo(), Beta(schedule=Constant(value=0.5))])
def test_restart_warmup_is_refused_where_there_is_none(tmp_path: Path, objective: Objective) -> None:
    with pytest.raises(ConfigError, match=r"on_collapse=restart_warmup.*objective=beta"):
        fit(tmp_path, MONITOR(on_collapse="restart_warmup"), objective, 1)
    assert not (tmp_path / "history.jsonl").exists()


def test_a_run_cut_in_two_has_the_states_of_one_that_was_not(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    fit(whole, MONITOR(patience=2), heavy(), 5)
    fit(parts, MONITOR(patience=2), heavy(), 2)
    fit(parts, MONITOR(patience=2), heavy(), 5, ckpt=parts / "checkpoints" / "last.ckpt")
    # one check reads collapsed before the cut, the second in a row comes after it
    assert states(whole) == states(parts) == [0, 0, 2, 2, 2]


def test_watching_leaves_no_trace_in_training(tmp_path: Path) -> None:
    with_it = fit(tmp_path / "with", MONITOR(), Elbo(), 2, z_dims=(4, 3))
    without = fit(tmp_path / "without", None, Elbo(), 2, z_dims=(4, 3))
    assert equal(weights(with_it), weights(without))
    rows = [(tmp_path / name / "history.jsonl").read_text().splitlines() for name in ("with", "without")]
    assert [row for row in rows[0] if "collapse" not in row] == rows[1] and len(rows[0]) == len(rows[1]) + 2


def test_the_generators_are_left_as_they_were(tmp_path: Path) -> None:
    monitor = MONITOR()
    module = fit(tmp_path, monitor, Elbo(), 1)
    trainer: Any = module.trainer
    before = torch.get_rng_state()
    first, second = (carried.carried(trainer, module, trainer.datamodule, 30) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert first == second and set(first.figures) == {
        "val/information/z1", "val/marginal_kl/z1", "val/information_images"
    }  # fmt: skip


@pytest.mark.parametrize(("every", "epochs"), [(1, [0, 1, 2, 3, 4]), (2, [1, 3, 4]), (9, [4])])
def test_checks_come_every_n_epochs_and_at_the_last(tmp_path: Path, every: int, epochs: list[int]) -> None:
    fit(tmp_path, MONITOR(every_n_epochs=every), Elbo(), 5, limit_train_batches=1)
    assert [row["epoch"] for row in checks(tmp_path)] == epochs


def test_what_is_watched_and_kept_is_the_average_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, averages = [], []

    def surgery(model: Any, x: Any, max_rows: int) -> Any:
        seen.append(weights(model))
        raise NotImplementedError

    class After(pl.Callback):
        def on_validation_end(self, trainer: Any, module: Any) -> None:
            averages.append([p.detach().clone() for p in ema._average_model.module.parameters()])

    monkeypatch.setattr(carried, "surgery", surgery)
    ema = Ema(decay=0.5)
    # the moving average before all others, as in conf/callbacks/ema.yaml
    fit(tmp_path, MONITOR(), Elbo(), 2, ema, After())
    assert len(seen) == 2 and all(equal(a, b) for a, b in zip(seen, averages, strict=True))
    kept = load(tmp_path / "checkpoints" / "alive.ckpt")["state_dict"]
    assert equal(list(kept.values()), averages[0])
    # and where q has no density the units and the KL alone decide
    assert set(checks(tmp_path)[0]) == {"step", "epoch", "collapse/z1"} and states(tmp_path) == [0, 0]


def test_where_the_information_is_saturated_the_kl_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of five images no information can be seen above log 5: the lower layer's reads near 0 whatever it carries."""
    module = fit(tmp_path, MONITOR(max_images=5), Elbo(), 4, z_dims=(4, 3))
    trainer: Any = module.trainer
    with torch.no_grad():
        head = module.hierarchy.encoder.heads[-1].net
        head.weight[:3] *= 100
        head.bias[3:] = -5.0
    found = carried.carried(trainer, module, trainer.datamodule, 5)
    assert found.nats == [None, None] and found.figures["val/information/z1"] < 0.1


@pytest.mark.parametrize(("kind", "pair"), [("maps", 1 / 6), ("full_covariance", 1.0)])
def test_dear_models_are_looked_at_for_a_twentieth_of_training_at_the_most(
    tmp_path: Path, kind: str, pair: float
) -> None:
    """A pair of images costs this share of a training image: n² pairs stay below 5 % of the images of some epochs."""
    module = fit(tmp_path, MONITOR(), Elbo(), 1)
    trainer: Any = module.trainer
    assert carried.affordable(trainer, module, trainer.datamodule, 200, 1) == 200
    if kind == "maps":
        module.hierarchy.encoder.layout = "stages"
    else:
        module.hierarchy.encoder.heads.append(ToFullNormal(partial(torch.nn.Linear, 3), 2))
    for epochs in (1, 5, 100):
        images = carried.affordable(trainer, module, trainer.datamodule, 200, epochs)
        of_training = epochs * STEPS * 64 / 20
        assert images == 200 or images**2 * pair <= of_training < (images + 1) ** 2 * pair


def test_foreign_data_are_not_watched(tmp_path: Path) -> None:
    module = HVAE(hierarchy([3, 2]), Elbo(), ADAM())
    trainer = make_trainer(tmp_path, [Noise(), History(every_n_steps=9), MONITOR()], 2, enable_checkpointing=False)
    trainer.fit(module, TrainBatches(images(40), 8, seed=0), EvalBatches(images(11), 4, 0, "val"))
    assert checks(tmp_path) == []


def test_a_collapse_is_an_alert_of_wandb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import wandb

    monkeypatch.setattr(collapse, "draw_units", unit_maps.draw_units)
    facts = {"project": "p", "name": None, "group": None, "tags": None, "mode": "offline"}
    trainer_logger = Wandb(str(tmp_path), **facts)  # type: ignore[arg-type]
    data = Digits(batch_size=64, transform="auto")
    data.give(("binary",), "bernoulli", 0)
    module = HVAE(hierarchy([4], x_shape=(1, 8, 8)), Elbo(), ADAM(), "binary")
    trainer = make_trainer(tmp_path, [Noise(), History(every_n_steps=99), MONITOR(), Dies(1)], 2)
    trainer.loggers = [trainer_logger]
    trainer.fit(module, datamodule=data)
    wandb.finish()
    found = records(tmp_path)
    (alert,) = [record.alert for record in found if record.WhichOneof("record_type") == "alert"]
    assert alert.title == "z1 has collapsed"
    assert alert.text.startswith("epoch 2: z1 is collapsed: 0 of 4 units active, 0.00 nats; was alive.")
    logged = {(item.nested_key or [item.key])[0] for r in found for item in r.history.item}
    assert {"collapse/z1", "units/z1"} <= logged
    assert (tmp_path / "images" / "units_z1.png").read_bytes().startswith(b"\x89PNG")
