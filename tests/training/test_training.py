"""Training: special cases equal the general one, bit for bit, and the step is what a plain loop would do."""

from functools import partial
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

from tests.factory import hierarchy, images, make_trainer
from vaelab import HVAE, VAE
from vaelab.callbacks import History, Noise
from vaelab.data.batches import Batch, EvalBatches, TrainBatches
from vaelab.model import Terms
from vaelab.objective import Beta, Elbo, Linear
from vaelab.seeding import seed_noise
from vaelab.training.lean_loop import LeanEpochLoop, use_lean_loop
from vaelab.training.optimizer import Optimizer

ADAM = partial(
    Optimizer,
    algorithm=torch.optim.Adam,
    lr=0.01,
    betas=[0.9, 0.999],
    weight_decay=0.0,
    warmup_steps=0,
    cosine_decay=False,
    clip_norm=None,
    skip_norm=None,
)


def fit(
    module: pl.LightningModule,
    folder: Path,
    lean: bool = True,
    epochs: int = 2,
    validate: bool = True,
    **extra: object,
) -> pl.Trainer:
    x = images(40)
    made = make_trainer(folder, [Noise(), History(every_n_steps=2)], epochs, enable_checkpointing=False, **extra)
    if lean:
        assert use_lean_loop(made)
    val = EvalBatches(images(11), 4, 0, "val") if validate else None
    made.fit(module, TrainBatches(x, 8, seed=0), val)
    return made


def weights(module: torch.nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in module.parameters()]


def equal(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("clip", [None, 0.5])
@pytest.mark.parametrize("schedule", [{}, {"warmup_steps": 3, "cosine_decay": True}])
def test_the_lean_loop_gives_the_weights_and_history_of_the_stock_loop(
    tmp_path: Path, clip: float | None, schedule: dict[str, object]
) -> None:
    results = []
    for lean in (True, False):
        folder = tmp_path / str(lean)
        folder.mkdir()
        module = HVAE(hierarchy([3, 2]), Elbo(), ADAM(clip_norm=clip, **schedule))
        trainer = fit(module, folder, lean)
        assert isinstance(trainer.fit_loop.epoch_loop, LeanEpochLoop) is lean
        assert trainer.global_step == 10
        results.append((weights(module), (folder / "history.jsonl").read_text()))
    assert equal(results[0][0], results[1][0])
    assert results[0][1] == results[1][1]


def test_training_is_the_plain_loop(tmp_path: Path) -> None:
    module = HVAE(hierarchy([3, 2]), Beta(schedule=Linear(start=0.0, end=1.0, warmup_steps=5)), ADAM())
    fit(module, tmp_path)
    plain = hierarchy([3, 2])
    optimizer = torch.optim.Adam(plain.parameters(), 0.01, fused=True)
    batches = TrainBatches(images(40), 8, seed=0)
    step = 0
    for _ in range(2):
        for batch in batches:
            seed_noise(batch.key)
            terms = plain(batch.x)
            loss = -(terms.reconstruction - min(1.0, step / 5) * terms.kl).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
    assert equal(weights(module), weights(plain))


def test_a_vae_is_an_hvae_of_one_layer(tmp_path: Path) -> None:
    a, b = VAE(hierarchy([3]), Elbo(), ADAM()), HVAE(hierarchy([3]), Elbo(), ADAM())
    for module in (a, b):
        fit(module, tmp_path)
    assert equal(weights(a), weights(b))
    with pytest.raises(ValueError, match="one latent layer"):
        VAE(hierarchy([3, 2]), Elbo(), ADAM())


def test_validation_does_not_change_training(tmp_path: Path) -> None:
    a, b = HVAE(hierarchy([3, 2]), Elbo(), ADAM()), HVAE(hierarchy([3, 2]), Elbo(), ADAM())
    fit(a, tmp_path, validate=True)
    fit(b, tmp_path, validate=False)
    assert equal(weights(a), weights(b))


@pytest.mark.parametrize("trainer", [{"accumulate_grad_batches": 2}, {"precision": "bf16-mixed"}], ids=str)
def test_the_lean_loop_stays_out_where_it_would_not_do_the_same(tmp_path: Path, trainer: dict[str, object]) -> None:
    made = pl.Trainer(accelerator="cpu", logger=False, default_root_dir=tmp_path, **trainer)
    assert not use_lean_loop(made)


def test_a_module_with_hooks_of_its_own_has_them_called(tmp_path: Path) -> None:
    class Counting(HVAE):
        steps = 0

        def on_train_batch_end(self, *args: object) -> None:
            self.steps += 1

    module = Counting(hierarchy([3, 2]), Elbo(), ADAM())
    fit(module, tmp_path)
    plain = HVAE(hierarchy([3, 2]), Elbo(), ADAM())
    fit(plain, tmp_path)
    assert module.steps == 10
    assert equal(weights(module), weights(plain))


def test_accumulated_gradients_are_those_of_the_larger_batch(tmp_path: Path) -> None:
    """With no noise in z the mean over two halves is the mean over both."""

    class Still(Elbo):
        def __call__(self, terms: Terms, step: int) -> torch.Tensor:
            return -sum(latent.q.mean.square().sum(-1) for latent in terms.latents)  # type: ignore[union-attr]

    results = []
    for batch_size, accumulate in ((8, 1), (4, 2)):
        module = HVAE(hierarchy([3]), Still(), ADAM())
        trainer = make_trainer(tmp_path, [], 1, accumulate_grad_batches=accumulate, enable_checkpointing=False)
        trainer.fit(module, TrainBatches(images(40), batch_size, seed=0))
        assert trainer.global_step == 5
        results.append(weights(module))
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b)


def test_accumulated_gradients_train_with_the_stock_loop(tmp_path: Path) -> None:
    module = HVAE(hierarchy([3, 2]), Elbo(), ADAM())
    trainer = fit(module, tmp_path, lean=False, accumulate_grad_batches=5)
    assert trainer.global_step == 2


@pytest.mark.parametrize("algorithm", [torch.optim.Adam, torch.optim.AdamW, torch.optim.Adamax])
def test_every_algorithm_learns(tmp_path: Path, algorithm: type[torch.optim.Optimizer]) -> None:
    module = HVAE(hierarchy([3, 2]), Elbo(), ADAM(algorithm=algorithm))
    before = module(images(40)).elbo.mean()
    fit(module, tmp_path, epochs=8)
    assert module(images(40)).elbo.mean() > before + 0.3


def test_learning_rate_warms_up_and_decays_to_zero() -> None:
    optimizer = ADAM(warmup_steps=4, cosine_decay=True)
    factors = [optimizer.factor(step, 12) for step in range(13)]
    assert factors[:4] == [0.25, 0.5, 0.75, 1.0]
    assert factors[4] == 1.0 and factors[8] == pytest.approx(0.5) and factors[12] == pytest.approx(0)
    assert ADAM(warmup_steps=2).factor(100, 0) == 1.0


def test_plain_tensors_and_tuples_are_batches_too() -> None:
    module = HVAE(hierarchy([3]), Elbo(), ADAM())
    x = images(4)
    losses = []
    for batch in (x, (x, torch.zeros(4)), [x], Batch(x, 7)):
        seed_noise(0)
        losses.append(module.training_step(batch, 0).item())
    assert len(set(losses)) == 1
