"""The page of one run."""

from collections.abc import Callable

from vaelab import __version__
from vaelab.report.html import Html, tag
from vaelab.report.page import attempt, page
from vaelab.report.parts import Budget, Section
from vaelab.report.read import stopped_words
from vaelab.report.record import Record
from vaelab.report.sections.blur import blur
from vaelab.report.sections.carry import carry, pictures
from vaelab.report.sections.collapse import collapse
from vaelab.report.sections.config import again, config
from vaelab.report.sections.curves import curves
from vaelab.report.sections.posterior import posterior
from vaelab.report.sections.quality import quality
from vaelab.report.sections.summary import summary
from vaelab.report.words import count


def run_page(folder: Record, pictures_left: int) -> str:
    """All sections of a run; pictures take at most so many characters."""
    budget = Budget(pictures_left)
    makers: dict[str, Callable[[], Section | None]] = {
        "What came out": lambda: summary(folder),
        "Training": lambda: curves(folder),
        "Where the kl goes": lambda: collapse(folder),
        "What each layer carries": lambda: carry(folder, budget),
        "Pictures": lambda: pictures(folder, budget),
        "How good q is": lambda: posterior(folder, budget),
        "Blur": lambda: blur(folder, budget),
        "Samples against the data": lambda: quality(folder),
        "Config": lambda: config(folder),
    }
    sections = [made for title, make in makers.items() if (made := attempt(title, make))]
    name = folder.folder.resolve().name
    footer = f"Written by vaelab {__version__} from the files of {folder.folder}. This page fetches nothing."
    return page(f"{name} · vaelab", _lead(folder, name), sections, footer)


def _lead(folder: Record, name: str) -> Html:
    chosen = next((o.split("=", 1)[1] for o in folder.overrides if o.startswith("experiment=")), None)
    so_far = f"{stopped_words(folder.stopped)}" if folder.stopped else "not finished"
    state = "finished" if folder.done else f"{so_far}: its figures are those so far"
    epochs = max([0, *folder.series("val/elbo").epoch])
    under = [f"experiment {chosen}" if chosen else None, _model(folder), count(epochs, "epoch"), state]
    return tag(
        "div",
        tag("h1", chosen or name),
        tag("p", " · ".join(filter(None, [name if chosen else None, *under[1:]])), class_="under"),
        tag("p", "Run it again:", class_="again"),
        tag("div", tag("code", again(folder)), class_="command", tabindex="0", role="region", aria_label="command"),
    )


def _model(folder: Record) -> str | None:
    """VAE z1[32], as far as the config says."""
    model = folder.config.get("model")
    if not isinstance(model, dict):
        return None
    z_dims = model.get("z_dims")
    module = model.get("module")
    name = str(module.get("_target_", "")).rsplit(".", 1)[-1] if isinstance(module, dict) else ""
    layers = ", ".join(f"z{i}[{d}]" for i, d in enumerate(z_dims, 1)) if isinstance(z_dims, list) else ""
    return " ".join(filter(None, [name, layers])) or None
