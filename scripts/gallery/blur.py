"""σ² and blur: the decoder's mean beside the best one that q allows, and how much fine detail each has."""

from matplotlib.figure import Figure

from gallery.read import Numbers, Picture, Read, pm, table
from gallery.style import BLUE, GREEN, GREY, ORANGE, RED, figure, plain, sheet, show

TITLES = {"0.01": "σ² = 0.01", "0.1": "σ² = 0.1", "1": "σ² = 1", "0.1_plane": "σ² = 0.1, 2 units"}
SHOWN = {"0.01": BLUE, "0.1": ORANGE, "1": RED, "0.1_plane": GREEN}
ALL = ("0.01", "0.03", "0.1", "1")


def blends(read: Read) -> tuple[Figure, Numbers]:
    made = figure(7.6, 9.0)
    axes = made.subplots(9, 1)
    found = {variance: read.arrays(f"sigma_{variance}", "blur") for variance in SHOWN}
    columns = len(found["0.01"]["data"])
    show(axes[0], sheet(found["0.01"]["data"], columns), "test images")
    for i, (variance, arrays) in enumerate(found.items()):
        show(axes[1 + 2 * i], sheet(arrays["decoder"], columns), f"{TITLES[variance]}\ndecoder mean")
        best = axes[2 + 2 * i]
        show(best, sheet(arrays["ideal"], columns), "best mean μ*")
        width = arrays["ideal"].shape[-1] + 1
        for j, blended in enumerate(arrays["perplexity"]):
            best.text((j + 0.97) * width - 3, width - 3, f"{blended:.3g}", color="yellow", fontsize=7, ha="right")
    return made, {}


def detail(read: Read) -> tuple[Figure, Numbers]:
    told = {variance: read.diagnosis(f"sigma_{variance}")["blur"] for variance in (*ALL, "0.1_plane")}
    made = figure(8.6, 3.6)
    left, right = made.subplots(1, 2)
    plain(left, "power by spatial frequency", "cycles a pixel", "mean |FFT|²")
    plain(right, "squared error, summed over the image", "σ²", "squared grey levels, 0 to 1")
    first = told["0.01"]["spectrum"]
    # the first ring is the mean brightness
    left.plot(first["frequency"][1:], first["data"][1:], color="black", lw=1.8, label="data")
    for variance, colour in SHOWN.items():
        spectrum = told[variance]["spectrum"]
        left.plot(
            spectrum["frequency"][1:], spectrum["decoder"][1:], color=colour, label=f"decoder, {TITLES[variance]}"
        )
        left.plot(spectrum["frequency"][1:], spectrum["ideal"][1:], color=colour, ls=":", lw=1)
    left.set_yscale("log")
    left.plot([], [], color=GREY, ls=":", lw=1, label="best mean μ*, same σ²")
    left.legend(fontsize=8, frameon=False)
    places = [float(variance) for variance in ALL]
    lines = {
        "predicted by the overlap of codes": (GREEN, [told[v]["predicted"]["value"] for v in ALL]),
        "decoder mean, test images": (BLUE, [told[v]["held_out"]["measured"]["value"] for v in ALL]),
        "best mean μ*, test images": (ORANGE, [told[v]["held_out"]["ideal"]["value"] for v in ALL]),
    }
    for label, (colour, values) in lines.items():
        right.plot(places, values, "o-", color=colour, label=label, ms=4)
    right.set_xscale("log")
    right.set_ylim(0)
    for colour, value in zip((GREEN, BLUE, ORANGE), _errors(told["0.1_plane"]), strict=True):
        right.plot([0.1], [value], "s", color=colour, mfc="white", ms=6)
    right.plot([], [], "s", color=GREY, mfc="white", label="the same with 2 units")
    right.legend(fontsize=8, frameon=False)
    return made, _numbers(told)


def _errors(found: dict) -> tuple[float, float, float]:
    held_out = found["held_out"]
    return found["predicted"]["value"], held_out["measured"]["value"], held_out["ideal"]["value"]


def _numbers(told: dict[str, dict]) -> Numbers:
    head = ("σ²", "images blended", "predicted", "decoder mean", "best mean μ*", "fine detail of data, decoder, μ*: %")
    rows, numbers = [], {}
    for variance, found in told.items():
        sharp = found["sharpness"]
        share = ", ".join(f"{100 * sharp[kind]:.2f}" for kind in ("data", "decoder", "ideal"))
        few = f"{found['perplexity']['median']:.2f}"
        errors = (pm(found["predicted"]), pm(found["held_out"]["measured"]), pm(found["held_out"]["ideal"]))
        rows.append((TITLES.get(variance, f"σ² = {variance}").removeprefix("σ² = "), few, *errors, share))
        numbers |= {
            f"perplexity.{variance}": found["perplexity"]["median"],
            f"predicted.{variance}": found["predicted"]["value"],
            f"measured.{variance}": found["held_out"]["measured"]["value"],
            f"best.{variance}": found["held_out"]["ideal"]["value"],
            f"sharp.data.{variance}": 100 * sharp["data"],
            f"sharp.decoder.{variance}": 100 * sharp["decoder"],
            f"sharp.ideal.{variance}": 100 * sharp["ideal"],
            "n_train": found["n_train"],
        }
    return {"table": table(head, rows), **numbers}


PICTURES = [
    Picture("blends", tuple(f"sigma_{variance}" for variance in SHOWN), blends),
    Picture("detail", tuple(f"sigma_{variance}" for variance in (*ALL, "0.1_plane")), detail),
]
