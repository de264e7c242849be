"""Every unit of a layer over the epochs."""

import math

from vaelab.report.drawn import Drawn
from vaelab.report.figures.style import SCALE, canvas
from vaelab.report.units import UnitMap
from vaelab.report.words import count, sentence, told

FLOOR = 1e-3
_WORD = {"kl": "KL", "variance": "activity"}
_LONG = {"kl": "KL of each unit, nats", "variance": "Var over images of E_q[z | x]; a unit is active above 0.01"}


def unit_map(found: UnitMap) -> Drawn:
    """Heat-map of unit × epoch, of KL or of activity; the unit that ended highest is on top.

    Colours go by the logarithm: one strong unit must not make all others look dead.
    """
    # to 1 nat at least: the largest of a dead layer must not shine
    tops = [top for row in found.values for v in row if (top := _log(v)) is not None]
    height = min(640, 150 + 9 * len(found.units))
    figure = canvas("epoch", "unit", height)
    figure.add_heatmap(
        x=found.epochs, y=[str(unit) for unit in found.units], z=[[_log(v) for v in row] for row in found.values],
        customdata=found.values, colorscale=SCALE, zmin=_log(FLOOR), zmax=max([0.0, *tops]),
        colorbar={"thickness": 14, "tickvals": [-3, -2, -1, 0, 1], "ticktext": ["≤ 0.001", "0.01", "0.1", "1", "10"]},
        hovertemplate="unit %{y} at epoch %{x}: %{customdata:.4f}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    ends = [row[-1] for row in found.values if row and row[-1] is not None]
    above = sum(value > 0.01 for value in ends)
    kept = f"shown are the {len(found.units)} units that ended highest of {found.of}" if found.of > len(ends) else None
    words = sentence(
        _LONG[found.kind],
        f"at the end {above} of {count(len(ends), 'unit')} lie above 0.01" if ends else None,
        f"the highest is unit {found.units[0]} with {told(ends[0], 3)}" if ends else None,
        kept,
        f"each line stands for {found.pooled} units side by side" if found.pooled > 1 else None,
    )
    return Drawn(f"units-{found.kind}-{found.layer}", f"{found.layer}: {_WORD[found.kind]} of its units", figure, words)


def _log(value: float | None) -> float | None:
    return None if value is None else math.log10(max(value, FLOOR))
