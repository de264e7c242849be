"""Likelihoods p(x | z): a head from the decoder's last tensor to a distribution over images."""

from vaelab.likelihood.bernoulli import Bernoulli
from vaelab.likelihood.continuous_bernoulli import ContinuousBernoulli
from vaelab.likelihood.gaussian import Gaussian
from vaelab.likelihood.gaussian_learned import GaussianLearned
from vaelab.likelihood.likelihood import Likelihood

__all__ = ["Bernoulli", "ContinuousBernoulli", "Gaussian", "GaussianLearned", "Likelihood"]
