"""Ridgelet transforms, whose dual is the integral representation of a network with one hidden layer.

R[f](a, b) is the integral of f(x) conj(psi(a.x - b)) dx, and S[gamma](x) that of gamma(a, b) sigma(a.x - b) da db.
With an admissible pair of sigma and psi, S R f = K f. After S. Sonoda and N. Murata, "Neural network with unbounded
activation functions is universal approximator", Applied and Computational Harmonic Analysis 43 (2017),
arXiv:1505.03654, and S. Sonoda, I. Ishikawa and M. Ikeda, "A unified Fourier slice method to derive ridgelet
transform for a variety of depth-2 neural networks", arXiv:2402.15984.
"""

from kousei.ridgelet.calls import dual_ridgelet_transform, ridgelet_transform
from kousei.ridgelet.construction import single_scale
from kousei.ridgelet.directions import Directions, ball_directions
from kousei.ridgelet.kernel import gaussian_kernel
from kousei.ridgelet.mixture import gaussian_mixture_ridgelet, single_scale_weights
from kousei.ridgelet.pair import AdmissiblePair, admissibility_constant
from kousei.ridgelet.sampling import sample
from kousei.ridgelet.spectrum import Spectrum, from_spectrum
from kousei.ridgelet.transform import RidgeletTransform

__all__ = [
    "AdmissiblePair",
    "Directions",
    "RidgeletTransform",
    "Spectrum",
    "admissibility_constant",
    "ball_directions",
    "dual_ridgelet_transform",
    "from_spectrum",
    "gaussian_kernel",
    "gaussian_mixture_ridgelet",
    "ridgelet_transform",
    "sample",
    "single_scale",
    "single_scale_weights",
]
