"""Results as tables in the terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table


def evaluation_table(report: dict[str, Any]) -> Table:
    """evaluation.json, nats per image with standard errors, and the layers below."""
    title = (
        f"{report['split']} split, n = {report['n']}, {report['weights']} weights (step {report['step']}), "
        f"seed {report['seed']}"
    )
    table = Table("figure", "nats per image", "± standard error", title=title, title_justify="left")
    for key in ("elbo", "reconstruction", "kl"):
        table.add_row(key, *_number(report[key]))
    table.add_row(f"iw_bound, K = {report['iw_samples']}", *_number(report["iw_bound"]))
    table.add_row("effective sample size", f"{report['effective_sample_size']:.1f} of {report['iw_samples']}", "")
    if "bits_per_dim" in report:
        table.add_row("bits_per_dim", f"{report['bits_per_dim']:.4f}", "")
    table.add_section()
    for layer in report["layers"]:
        term, share = layer_term(layer)
        table.add_row(f"{layer['layer']} {term}", *_number(share))
        table.add_row(f"{layer['layer']} active units", f"{_count(layer['active_units'])} of {layer['units']}", "")
    return table


def layer_term(layer: dict[str, Any]) -> tuple[str, dict[str, float]]:
    """A layer's share of the kl in evaluation.json: what it is called there, and its figure."""
    return next((key, layer[key]) for key in ("kl", "log_ratio") if key in layer)


def show(table: Table) -> None:
    Console().print(table)


def _number(figure: dict[str, float]) -> tuple[str, str]:
    return f"{figure['value']:.2f}", f"{figure['stderr']:.2f}"


def _count(active_units: int | None) -> str:
    return "?" if active_units is None else str(active_units)
