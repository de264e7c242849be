"""Which units carry anything of x."""

from torch import Tensor

from vaelab.model import Latent

THRESHOLD = 0.01


def posterior_means(latent: Latent) -> tuple[Tensor, Tensor]:
    """(E_q[z | x] per image, the variance of that estimate), [B, d] each.

    A layer whose q is conditioned on other draws has q.mean of shape [K, B, d]: its mean over K draws is E_q[z | x]
    up to noise of variance Var_k / K, which must be taken off again or a dead unit reads as alive.
    """
    assert latent.q is not None
    mean = latent.q.mean
    if mean.dim() == 2:
        return mean, mean.new_zeros(()).expand_as(mean)
    if len(mean) < 2:
        raise ValueError("active units of a layer below or above another need at least 2 draws an image")
    return mean.mean(0), mean.var(0) / len(mean)


def active(total: Tensor, squares: Tensor, noise: Tensor, count: float | Tensor) -> Tensor:
    """Var_x(E_q[z_u | x]) > 0.01 for each unit, [d] bool (Burda et al. 2016, section 5.2), over `count` images.

    From the sums over images of the mean, of its square, and of its estimate's variance.
    """
    variance = squares / count - (total / count).square()
    return variance - noise / count > THRESHOLD
