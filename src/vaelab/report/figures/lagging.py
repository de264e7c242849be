"""Does the KL return when q is refined for each image?"""

import math
from typing import Any

from vaelab.report.drawn import Drawn
from vaelab.report.figures.bars import Bar, bars
from vaelab.report.read import figure, number
from vaelab.report.words import sentence, told, value, with_error


def lagging(found: dict[str, Any], kl_weight: float | None = None) -> Drawn | None:
    """`lagging` of diagnosis.json: kl before and after, in all and of each layer (He et al. 2019).

    `kl_weight`: what the run weighed its KL by in the end.
    """
    rows = [("all", found), *((str(layer["layer"]), layer) for layer in found.get("layers") or [])]
    groups: dict[str, list[Bar]] = {"as the encoder gives it": [], "refined for each image": []}
    for name, row in rows:
        for group, key in zip(groups.values(), ("kl", "kl_refined"), strict=True):
            if told := figure(row.get(key)):
                group.append(Bar(name, *told))
    if not all(groups.values()):
        return None
    words = sentence(
        f"kl {with_error(figure(found.get('kl')))} as the encoder gives it, "
        f"{with_error(figure(found.get('kl_refined')))} after {found.get('steps')} steps on {found.get('n')} images",
        _conclusion(found),
        _weight(number(found.get("kl_weight")), kl_weight),
    )
    return Drawn("lagging", "Does the encoder lag?", bars(groups), words)


def _conclusion(found: dict[str, Any]) -> str | None:
    """What the verdict calls a lagging encoder: the KL returns, and what was optimised gains by it."""
    keys = ("kl", "kl_refined", "elbo", "elbo_refined")
    before, after, elbo, refined = (figure(found.get(key)) for key in keys)
    if before is None or after is None:
        return None
    risen = after[0] - before[0]
    gain = figure(found.get("gain")) or ((refined[0] - elbo[0], math.nan) if elbo and refined else (math.inf, math.nan))
    if risen < max(0.5, 0.5 * before[0]):
        return f"it has not risen much ({told(risen)} nats): the encoder does not lag; a collapse has another cause"
    if gain[0] < 0.1:
        return f"it has risen by {told(risen)} nats, and nothing is gained by it: that is no lagging encoder"
    return f"it has risen much, by {told(risen)} nats: the encoder lags behind the decoder"


def _weight(refined_at: float | None, trained_at: float | None) -> str | None:
    """At a KL weight w the encoder's optimum is that of w: q refined at another weight says nothing of lagging."""
    if refined_at is not None:
        return f"q was refined at the run's KL weight, {value(refined_at)}" if abs(refined_at - 1) > 0.05 else None
    if trained_at is None or trained_at <= 1.05:
        return None
    return f"q was refined at KL weight 1 and the run trained at {value(trained_at)}: a rise is no sign of lagging here"
