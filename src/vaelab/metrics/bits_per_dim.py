"""Bits per dimension, only where they are a code length of the 256 values."""

import math


def bits_per_dim(log_likelihood: float, units: str, n_dims: int) -> float | None:
    """-log2 of the probability of an image's bytes, per dimension; None where the likelihood gives no such thing.

    `log_likelihood`: nats per image, or a bound on it. Units `byte`: the likelihood is one over the 256 values.
    Units `dequantised`: a density over (byte + u)/256, of which log 256 a dimension is subtracted (Theis et al.
    2016, section 3.1). In any other units (binary, scaled, real) it is not defined.
    """
    if units == "dequantised":
        log_likelihood -= n_dims * math.log(256)
    elif units != "byte":
        return None
    return -log_likelihood / (n_dims * math.log(2))
