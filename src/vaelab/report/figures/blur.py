"""Sharpness by spatial frequency: the data, the best that any decoder could do with this q, and the decoder."""

from typing import Any

from vaelab.report.drawn import Drawn
from vaelab.report.figures.style import DASHES, canvas, colour
from vaelab.report.read import figure, number, numbers
from vaelab.report.words import sentence, told, with_error

_WORD = {"data": "data", "ideal": "best mean for this q", "decoder": "decoder's mean"}


def blur(found: dict[str, Any]) -> Drawn | None:
    """`blur` of diagnosis.json: the radial spectrum of each kind of picture."""
    spectrum = found.get("spectrum") or {}
    frequency = numbers(spectrum.get("frequency"))
    curves = {kind: values for kind in _WORD if (values := numbers(spectrum.get(kind)))}
    if not frequency or not curves:
        return None
    drawn = canvas("spatial frequency, cycles a pixel", "power", hovermode="x unified")
    for i, (kind, values) in enumerate(curves.items()):
        power = [value if value is not None and value > 0 else None for value in values]
        drawn.add_scatter(
            x=frequency, y=power, name=_WORD[kind], mode="lines+markers", marker={"size": 5},
            line={"color": colour(i), "width": 2.2, "dash": DASHES[i]}, hovertemplate="%{y:.3g}",
        )  # fmt: skip
    drawn.update_yaxes(type="log", exponentformat="power", dtick=1)
    sharp, blended = found.get("sharpness") or {}, found.get("perplexity") or {}
    share = ", ".join(f"{_WORD[kind]} {told(number(sharp.get(kind)), 3)}" for kind in _WORD if kind in sharp)
    low, middle, high = (told(number(blended.get(key)), 1) for key in ("low", "median", "high"))
    words = sentence(
        f"a picture blends {middle} of {found.get('n_train')} training images (median; 80 % from {low} to {high})",
        f"squared error predicted from that {with_error(figure(found.get('predicted')))}, "
        f"measured {with_error(figure(found.get('measured')))}"
        + (f", of which the decoder adds {with_error(apart)}" if (apart := figure(found.get("distance"))) else ""),
        _by_heart(found),
        f"share of fine detail: {share}" if share else None,
    )
    return Drawn("blur", "Blur: predicted and measured", drawn, words)


def _by_heart(found: dict[str, Any]) -> str | None:
    """Where q tells the training images apart, the blend of this finite set is no blur at all: say what bounds it."""
    middle, held_out = number((found.get("perplexity") or {}).get("median")), found.get("held_out") or {}
    above = [one[0] for name in ("ideal", "measured") if (one := figure(held_out.get(name)))]
    if middle is None or middle > 3 or not above:
        return None
    return (
        "so few are blended that the best mean knows them by heart; of all data, the blur that q forces lies between "
        f"{told((figure(found.get('predicted')) or (None,))[0], 2)} and {told(min(above), 2)}"
    )
