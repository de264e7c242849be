"""Sixteen bits in the networks, thirty-two in every density; compiled and channels-last, the same model."""

from pathlib import Path

import pytest
import torch

from tests.factory import DECODERS, ENCODERS, hierarchy, images
from vaelab import HVAE, build, compose
from vaelab.nn import Net
from vaelab.objective import Elbo
from vaelab.training.prepare import prepare


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_densities_keep_32_bits_where_networks_have_16(encoder: str, decoder: str) -> None:
    model, x = hierarchy([6, 4, 2], encoder, decoder), images(200)
    torch.manual_seed(0)
    whole = model(x)
    torch.manual_seed(0)
    with torch.autocast("cpu", torch.bfloat16):
        half = model(x)
    for terms in (half.elbo, half.log_weight, *half.costs, *(latent.z for latent in half.latents)):
        assert terms.dtype == torch.float32
    assert not torch.equal(half.elbo, whole.elbo), "the networks did run in 16 bits"
    torch.testing.assert_close(half.elbo.mean(), whole.elbo.mean(), atol=0, rtol=0.02)


@pytest.mark.parametrize("precision", ["bf16-mixed", "32-true", "64-true"])
@pytest.mark.parametrize("model", ["hvae", "deep"])
def test_a_run_trains_in_every_precision(tmp_path: Path, precision: str, model: str) -> None:
    deep = ["model=deep", "encoder=deep", "decoder=deep", "data.batch_size=8"] if model == "deep" else []
    clipped = ["optimizer.clip_norm=1.0", "optimizer.skip_norm=1e9"]
    settings = [*clipped, "trainer=smoke", f"trainer.precision={precision}", "logger=[]", "~callbacks.pictures"]
    run = build(compose([*deep, *settings]), tmp_path)
    run.fit()
    assert all(torch.isfinite(p).all() for p in run.module.parameters())
    expected = torch.float64 if precision == "64-true" else torch.float32
    assert {p.dtype for p in run.module.parameters()} == {expected}


def test_compiled_and_channels_last_it_is_the_same_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default backend takes half a minute a network; what is tested is what is handed to it."""
    compiled: list[torch.nn.Module] = []

    def compile_module(self: torch.nn.Module, **kwargs: object) -> None:
        compiled.append(self)
        self._compiled_call_impl = torch.compile(self._call_impl, backend="eager")

    monkeypatch.setattr(torch.nn.Module, "compile", compile_module)
    config = compose(["model=deep", "encoder=deep", "decoder=deep", "logger=[]"])
    from vaelab.training.build import build_hierarchy

    torch.manual_seed(0)
    model = build_hierarchy(config, (1, 28, 28), lambda n: torch.rand(n, 1, 28, 28))
    x = images(3, (1, 28, 28))
    torch.manual_seed(1)
    expected, names = model(x).elbo, list(model.state_dict())
    prepare(model, {"compile": True, "channels_last": True})
    assert any(p.is_contiguous(memory_format=torch.channels_last) for p in model.parameters() if p.dim() == 4)
    torch.manual_seed(1)
    elbo = model(x).elbo
    torch.testing.assert_close(elbo, expected)
    elbo.sum().backward()
    assert len(compiled) > 10 and list(model.state_dict()) == names


def test_every_network_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[torch.nn.Module] = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self, **kwargs: compiled.append(self))
    module = HVAE(hierarchy([3, 2]), Elbo(), None)  # type: ignore[arg-type]
    prepare(module, {"compile": True})
    assert {id(m) for m in compiled} == {id(m) for m in module.modules() if isinstance(m, Net)} != set()
    prepare(module, {"compile": False})
    assert len(compiled) == len(set(map(id, compiled)))
