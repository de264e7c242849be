"""Results as tables in the terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table

# the figures of quality.json in the order of the table, and their digits
QUALITY = {"fid": 2, "kid": 4, "precision": 3, "recall": 3, "ms_ssim": 4, "ssim": 4, "psnr": 2}


def evaluation_table(report: dict[str, Any]) -> Table:
    """evaluation.json, nats per image with standard errors, and the layers below."""
    title = (
        f"{report['split']} split, n = {report['n']}, {report['weights']} weights (step {report['step']}), "
        f"seed {report['seed']}"
    )
    table = Table("figure", "nats per image", "± standard error", title=title, title_justify="left")
    for key in ("elbo", "reconstruction", "kl"):
        table.add_row(key, *number(report[key]))
    table.add_row(f"iw_bound, K = {report['iw_samples']}", *number(report["iw_bound"]))
    table.add_row("effective sample size", f"{report['effective_sample_size']:.1f} of {report['iw_samples']}", "")
    if "bits_per_dim" in report:
        table.add_row("bits_per_dim", f"{report['bits_per_dim']:.4f}", "")
    table.add_section()
    for layer in report["layers"]:
        term, share = layer_term(layer)
        table.add_row(f"{layer['layer']} {term}", *number(share))
        table.add_row(f"{layer['layer']} active units", f"{count(layer['active_units'])} of {layer['units']}", "")
        if told := layer.get("information"):
            cap = ", near its cap" if told["saturated"] else ""
            table.add_row(f"{layer['layer']} information, n = {told['n']}{cap}", *number(told))
    return table


def quality_table(report: dict[str, Any]) -> Table:
    """quality.json: the samples as the feature network sees them, then the reconstructions beside their images."""
    name, accuracy = report["features"]["name"], report["features"].get("test_accuracy")
    shown = {"mean": "means of p(x | z)", "draw": "draws from p(x | z)"}[report["show"]]
    lines = [
        f"{report['split']} split, {report['weights']} weights (step {report['step']}), seed {report['seed']}",
        f"{report['n_real']} real images: {report['real_images']}",
        f"{report['n_fake']} samples: {shown}, temperature {report['temperature']}",
    ]
    if accuracy is not None:
        lines.append(f"{name} is right on {accuracy:.1%} of its test split")
    if min(report["n_real"], report["n_fake"]) < 2048:
        lines.append("below 2048 images FID is biased upwards: compare it at equal numbers only")
    table = Table("figure", "value", "±", "of", title="\n".join(lines), title_justify="left")
    for kind, digits in QUALITY.items():
        for key in (kind, f"{kind}_{name}"):
            if key in report:
                table.add_row(key, *_quality_row(report[key], digits, report["n_real"]))
    return table


def _quality_row(figure: dict[str, float], digits: int, n: int) -> tuple[str, str, str]:
    """A figure, its error, and what it is of."""
    value, error = (f"{figure[key]:.{digits}f}" if key in figure else "" for key in ("value", "stderr"))
    if "subsets" in figure:
        return value, f"{figure['std']:.{digits}f}", f"{figure['subsets']} subsets of {figure['subset_size']}"
    if "n_real" in figure:
        return value, error, f"{figure['n_real']} real, {figure['n_fake']} drawn"
    if "neighbours" in figure:
        return value, error, f"{figure['neighbours']} neighbours"
    if "scales" in figure:
        scales = "1 scale" if figure["scales"] == 1 else f"{figure['scales']} scales"
        return value, error, f"{n} images, {scales}"
    return value, error, f"{n} images, decibels"


def layer_term(layer: dict[str, Any]) -> tuple[str, dict[str, float]]:
    """A layer's share of the kl in evaluation.json: what it is called there, and its figure."""
    return next((key, layer[key]) for key in ("kl", "log_ratio") if key in layer)


def show(table: Table) -> None:
    Console().print(table)


def number(figure: dict[str, float]) -> tuple[str, str]:
    """A figure and its standard error."""
    return f"{figure['value']:.2f}", f"{figure['stderr']:.2f}"


def count(active_units: int | None) -> str:
    return "?" if active_units is None else str(active_units)
