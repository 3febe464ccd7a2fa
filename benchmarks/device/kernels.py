"""The CUDA kernels that are measured. A new system adds a file with a generator, named in KERNELS."""

from __future__ import annotations

from coalitions import coalitions
from equivariant import equivariant
from funahashi import funahashi, funahashi_methods
from ising import ising
from machines import machines
from network import activations, jets, network
from packed import products_of_signs
from recommend import recommenders
from ridgelet import ridgelet

KERNELS = [
    *funahashi(),
    *funahashi_methods(),
    *network(),
    *jets(),
    *activations(),
    *products_of_signs(),
    *ridgelet(),
    *equivariant(),
    *ising(),
    *machines(),
    *recommenders(),
    *coalitions(),
]
FUNCTIONS = sorted({kernel.function for kernel in KERNELS})
#: Units and points: one tile of units, and several with the last one partly filled.
SMALL = ((128, 700), (640, 700))
