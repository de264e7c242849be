"""Does the KL return when q is refined for each image?"""

from typing import Any

from vaelab.report.drawn import Drawn
from vaelab.report.figures.bars import Bar, bars
from vaelab.report.read import figure
from vaelab.report.words import sentence, with_error


def lagging(found: dict[str, Any]) -> Drawn | None:
    """`lagging` of diagnosis.json: kl before and after, in all and of each layer (He et al. 2019)."""
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
        "had it risen much, the encoder would lag behind the decoder; if not, collapse has another cause",
    )
    return Drawn("lagging", "Does the encoder lag?", bars(groups), words)
