"""The kl in its parts, and the information that reaches each layer."""

from typing import Any

import torch
from torch import Tensor

from vaelab.analyses.analysis import Analysis, Subject
from vaelab.config.types import PositiveInt, Several
from vaelab.diagnostics.figure import figure
from vaelab.diagnostics.ladder import Ladder, ladder
from vaelab.diagnostics.surgery import Surgery as Cut
from vaelab.diagnostics.surgery import surgery
from vaelab.encoder import BottomUp


class Surgery(Analysis):
    """`images` of the split, all scored under each other (null: the whole split); `chains` draws an image of what lies
    below an upper layer of a bottom-up hierarchy. See `vaelab.diagnostics.surgery` and `.ladder`."""

    def __init__(self, *, images: PositiveInt | None, chains: Several) -> None:
        self.images, self.chains = images, chains

    def __call__(self, subject: Subject) -> dict[str, Any]:
        hierarchy = subject.run.module.hierarchy
        x = subject.images(self.images, "surgery")
        subject.refuse_long(x, "analyses.surgery.images", pairs=len(x) ** 2)
        cut = surgery(hierarchy, x, subject.max_rows)
        if isinstance(hierarchy.encoder, BottomUp):
            rungs = ladder(hierarchy, x, self.chains, subject.max_rows)
        else:
            rungs = Ladder(cut.ladder, cut.ladder)
        columns = zip(cut.information.T, cut.marginal_kl.T, cut.saturated, strict=True)
        return {
            "n": cut.n,
            "cap": cut.cap,
            "form": cut.form,
            "kl": figure(cut.kl),
            "mutual_information": figure(cut.mutual_information),
            "marginal_kl": figure(cut.kl - cut.mutual_information),
            "layers": [
                {"layer": f"z{i}", "information": figure(nats), "marginal_kl": figure(marginal), "saturated": saturated}
                for i, (nats, marginal, saturated) in enumerate(columns, start=1)
            ],
            "parts": [{"name": name, **figure(values)} for name, values in cut.parts.items()],
            "ladder": _rungs(rungs),
            "monotone": not _broken(cut, rungs),
        }


def _rungs(rungs: Ladder) -> list[dict[str, Any]]:
    low, high = rungs.low.mean(0).tolist(), rungs.high.mean(0).tolist()
    return [
        {"layer": f"z{i}", **figure(nats), "low": low[i - 1], "high": high[i - 1], "saturated": saturated}
        for i, (nats, saturated) in enumerate(zip(rungs.value.T, rungs.saturated, strict=True), start=1)
    ]


def _broken(cut: Cut, rungs: Ladder) -> bool:
    """Does more reach a layer than the one below it, beyond three standard errors? Then an estimate is wrong."""
    if cut.information.shape[1] == 1:
        return False
    steps: Tensor = rungs.low[:, 1:] - rungs.high[:, :-1]
    error = steps.std(0) / cut.n**0.5
    return bool(torch.any(steps.mean(0) > 3 * error + 1e-6))
