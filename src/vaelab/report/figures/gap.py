"""Between the ELBO and log p(x): what the family of q costs, and what the encoder."""

from typing import Any

from vaelab.report.drawn import Drawn
from vaelab.report.figures.bars import Bar, bars
from vaelab.report.figures.style import canvas, colour
from vaelab.report.read import figure, number, numbers
from vaelab.report.words import sentence, told, value


def gap(found: dict[str, Any], kl_weight: float | None = None) -> Drawn | None:
    """`gap` of diagnosis.json: the approximation and amortisation gap (Cremer et al. 2018)."""
    names = ("amortisation", "approximation", "total")
    shown = [Bar(name, *f) for name in names if (f := figure(found.get(name)))]
    if not shown:
        return None
    nats = {bar.name: bar.value for bar in shown}
    cause = None
    if "amortisation" in nats and "approximation" in nats:
        encoder = nats["amortisation"] > nats["approximation"]
        cause = f"most of it is the {'encoder' if encoder else 'family of q'}'s"
    weight = number(found.get("kl_weight")) or kl_weight
    weight = weight if weight is not None and abs(weight - 1) > 0.05 else None
    words = sentence(
        f"the elbo lies {told(nats.get('total'))} nats below the bound of {found.get('iw_samples')} draws",
        cause,
        f"the encoder was trained at a KL weight of {value(weight)}, the gap is that of the elbo" if weight else None,
        str(found["word"]) if found.get("word") else None,
        f"of n = {found.get('n')} images; effective sample size {told(found.get('effective_sample_size'), 1)}",
    )
    return Drawn("gap", "The gap to log p(x)", bars({"gap": shown}), words)


def gap_images(found: dict[str, Any]) -> Drawn | None:
    """Each image: its elbo against its two gaps."""
    each = found.get("per_image") or {}
    columns = [numbers(each.get(key)) for key in ("elbo", "refined", "iw_bound")]
    rows = [(e, r, w) for e, r, w in zip(*columns, strict=False) if e is not None and r is not None and w is not None]
    if not rows:
        return None
    figure = canvas("amortisation gap, nats (the encoder)", "approximation gap, nats (the family)")
    figure.add_scatter(
        x=[r - e for e, r, _ in rows], y=[w - r for _, r, w in rows], mode="markers",
        marker={"color": colour(0), "size": 8, "opacity": 0.75},
        customdata=[[i, e] for i, (e, _, _) in enumerate(rows)],
        hovertemplate="image %{customdata[0]}, elbo %{customdata[1]:.2f}: %{x:.2f} and %{y:.2f}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(zeroline=True)
    figure.update_yaxes(zeroline=True)
    worst = max(range(len(rows)), key=lambda i: rows[i][2] - rows[i][0])
    most = told(rows[worst][2] - rows[worst][0])
    words = sentence(f"{len(rows)} images; the farthest from its bound is image {worst}, by {most} nats")
    return Drawn("gap-images", "The gap, image by image", figure, words)
