"""Networks that are equivariant under a finite group acting on points and parameters at once.

A feature phi(x, xi) with phi(g x, g xi) = g phi(x, xi) makes a network, the sum of gamma(xi) phi(x, xi) over xi, and
a ridgelet transform that finds gamma for a function. After S. Sonoda, Y. Hashimoto, I. Ishikawa and M. Ikeda, "Deep
ridgelet transform and unified universality theorem for deep and shallow joint-group-equivariant machines",
arXiv:2405.13682.
"""

from kousei.equivariant.certificate import Certificate, CertifiedComponent
from kousei.equivariant.convolution import Convolution, lift
from kousei.equivariant.depth import Layer, polynomials
from kousei.equivariant.feature import JointEquivariantFeature
from kousei.equivariant.finite_network import FiniteNetwork
from kousei.equivariant.finite_ridgelet import FiniteRidgelet
from kousei.equivariant.group import FiniteGroup
from kousei.equivariant.gset import GSet, pair_orbits
from kousei.equivariant.isotypic import IsotypicComponent, isotypic
from kousei.equivariant.representation import Representation
from kousei.equivariant.sampling import sample
from kousei.equivariant.sums import orbit_sum

__all__ = [
    "Certificate",
    "CertifiedComponent",
    "Convolution",
    "FiniteGroup",
    "FiniteNetwork",
    "FiniteRidgelet",
    "GSet",
    "IsotypicComponent",
    "JointEquivariantFeature",
    "Layer",
    "Representation",
    "isotypic",
    "lift",
    "orbit_sum",
    "pair_orbits",
    "polynomials",
    "sample",
]
