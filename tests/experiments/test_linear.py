"""Trained, not only set: linear models reach the exact log-likelihood of data from a known linear-Gaussian model."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import Run

VARIANCE = 0.1


def draw(folder: Path, mean: np.ndarray, covariance: np.ndarray, seed: int) -> float:
    """Write x.npz with 20 000 images 4×4 and give the exact mean log-likelihood of the test split."""
    x = np.random.default_rng(seed).multivariate_normal(mean, covariance, 20_000).astype(np.float32)
    train, val, test = np.split(x.reshape(-1, 4, 4), [16_000, 18_000])
    np.savez(folder / "x.npz", train=train, val=val, test=test)
    truth = torch.distributions.MultivariateNormal(torch.tensor(mean), torch.tensor(covariance))
    return truth.log_prob(torch.tensor(x[18_000:]).double()).mean().item()


def train(vaelab: Run, *overrides: str) -> dict[str, dict[str, float]]:
    code, _, err = vaelab(
        "train", *overrides, "data=arrays", "data.path=x.npz", f"likelihood.variance={VARIANCE}",
        "hydra.run.dir=run", "logger=csv", "~callbacks.pictures", "evaluation.iw_samples=500",
    )  # fmt: skip
    assert code == 0, err
    return json.loads(Path("run/evaluation.json").read_text())


def check(report: dict[str, dict[str, float]], exact: float, within: float) -> None:
    elbo, iw = report["elbo"]["value"], report["iw_bound"]["value"]
    assert exact - within < elbo < exact + 0.03, "0.03: what the finite test split lets a fitted mean gain"
    assert exact - within < iw < exact + 0.03
    assert elbo <= iw + 1e-3


@pytest.mark.parametrize("seed", [0, 1])
def test_a_linear_vae_reaches_probabilistic_pca(vaelab: Run, tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(16, 3))
    exact = draw(tmp_path, rng.normal(size=16), W @ W.T + VARIANCE * np.eye(16), seed)
    check(train(vaelab, "experiment=linear_vae", "model.z_dims=[3]"), exact, within=0.1)


@pytest.mark.parametrize("encoder", ["bottom_up", "top_down"])
def test_a_linear_hierarchy_reaches_its_chain(vaelab: Run, tmp_path: Path, encoder: str) -> None:
    rng = np.random.default_rng(5)
    A, W = rng.normal(size=(4, 2)), rng.normal(size=(16, 4))
    S = np.diag(rng.uniform(0.2, 0.8, 4) ** 2)
    exact = draw(tmp_path, rng.normal(size=16), W @ (A @ A.T + S) @ W.T + VARIANCE * np.eye(16), 5)
    report = train(vaelab, "experiment=linear_hvae", "model.z_dims=[4,2]", f"encoder={encoder}")
    check(report, exact, within=0.2)


@pytest.mark.parametrize("model", ["linear_vae", "linear_hvae"])
def test_the_information_of_trained_codes_is_the_exact_one(vaelab: Run, tmp_path: Path, model: str) -> None:
    """I(x; z) = h(x) - h(x | z) is the data's own wherever the model fits: about 4 nats here, from 2000 images."""
    from vaelab import load
    from vaelab.evaluate import information_of

    rng = np.random.default_rng(2)
    W = np.linalg.qr(rng.normal(size=(16, 3)))[0] * np.sqrt([2.4, 1.2, 0.6])
    exact = 0.5 * np.linalg.slogdet(np.eye(3) + W.T @ W / VARIANCE)[1]
    assert 3.5 < exact < 4.5
    draw(tmp_path, rng.normal(size=16), W @ W.T + VARIANCE * np.eye(16), seed=2)
    layers = ["model.z_dims=[3]"] if model == "linear_vae" else ["model.z_dims=[3,2]", "encoder=top_down"]
    train(vaelab, f"experiment={model}", *layers)
    torch.set_num_threads(1)
    told = information_of(load("run"), "test", 2000, max_rows=100_000, seed=0)
    assert told.n == 2000
    assert told.ladder[:, 0].mean().item() == pytest.approx(exact, abs=0.1)
    # q(z) = p(z) at the optimum
    assert told.marginal_kl.sum(1).mean().item() == pytest.approx(0.0, abs=0.1)
