"""Likelihoods p(x | z): a head from the decoder's last tensor to a distribution over images."""

from vaelab.likelihood.bernoulli import Bernoulli
from vaelab.likelihood.categorical import Categorical
from vaelab.likelihood.continuous_bernoulli import ContinuousBernoulli
from vaelab.likelihood.discretised_gaussian import DiscretisedGaussian
from vaelab.likelihood.discretised_logistic import DiscretisedLogistic
from vaelab.likelihood.discretised_logistic_mixture import DiscretisedLogisticMixture
from vaelab.likelihood.gaussian import Gaussian
from vaelab.likelihood.gaussian_learned import GaussianLearned
from vaelab.likelihood.likelihood import Likelihood
from vaelab.likelihood.pixelcnn import PixelCNN
from vaelab.likelihood.pixelcnn_bytes import PixelCNNBytes

__all__ = [
    "Bernoulli",
    "Categorical",
    "ContinuousBernoulli",
    "DiscretisedGaussian",
    "DiscretisedLogistic",
    "DiscretisedLogisticMixture",
    "Gaussian",
    "GaussianLearned",
    "Likelihood",
    "PixelCNN",
    "PixelCNNBytes",
]
