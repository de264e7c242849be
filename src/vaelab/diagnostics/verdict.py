"""What the figures of a diagnosis say together, in words: which layers have collapsed, why, and what to try."""

from typing import Any

from vaelab.diagnostics.causes import Cause, causes, names, part

# nats a unit under which a layer's information counts as none
NOTHING = 0.01


def verdict(diagnosis: dict[str, Any]) -> dict[str, Any]:
    """{"layers", "causes", "words"} from the parts of a diagnosis that are there; `units` must be."""
    layers = [_layer(i, diagnosis) for i in range(len(diagnosis["units"]["layers"]))]
    gone = [layer for layer in layers if layer["state"] == "collapsed"]
    found = causes(diagnosis, layers) if gone else []
    told = [{"cause": c.cause, "score": round(c.score, 2), "evidence": c.evidence, "try": c.to_try} for c in found]
    return {"layers": layers, "causes": told, "words": _words(layers, found)}


def _layer(i: int, diagnosis: dict[str, Any]) -> dict[str, Any]:
    """Collapsed: no unit is active and next to nothing is carried; fading: one of the two. As the monitor has it, see
    `vaelab.diagnostics.collapse`."""
    layers = diagnosis["units"]["layers"]
    layer, cut = layers[i], part(diagnosis, "surgery")
    told = {key: layer[key] for key in ("layer", "units", "active_units")}
    nats = cut["layers"][i]["information"] if cut else None
    # a KL bounds the information from above. What a layer adds to one that has reached log N cannot be seen
    known = [layer["kl"]["value"]] if "kl" in layer else []
    if cut and nats and not cut["layers"][i]["saturated"]:
        known.append(nats["value"] - 2 * nats["stderr"])
    dead, silent = layer["active_units"] == 0, bool(known) and min(known) < NOTHING * layer["units"]
    follows = "kl" in layer and i < len(layers) - 1
    gone = silent if known and follows else dead and (silent or not known)
    state = "collapsed" if gone else "fading" if dead or silent else "alive"
    return {**told, "state": state, "information": None if nats is None else nats["value"]}


def _words(layers: list[dict[str, Any]], found: list[Cause]) -> str:
    gone = [layer for layer in layers if layer["state"] == "collapsed"]
    fading = [layer for layer in layers if layer["state"] == "fading"]
    if not gone:
        few = f" {names(fading)} carry next to nothing." if fading else ""
        active = sum(layer["active_units"] or 0 for layer in layers)
        units = sum(layer["units"] for layer in layers)
        return f"No layer has collapsed: {active} of {units} units are active.{few}"
    text = f"{names(gone)} {'has' if len(gone) == 1 else 'have'} collapsed: no unit is active, nothing about x is told."
    if not found:
        return f"{text} No cause was found among those that were looked for."
    first = found[0]
    return f"{text} Likeliest cause: {first.cause}: {first.evidence}. To try next: {first.to_try}."
