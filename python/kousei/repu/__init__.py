"""Networks of units max(z, 0)^p: polynomials, and derivatives of networks, written out.

After Z. Shen, Y. Jiao, Y. Lin and J. Huang, "Differentiable neural networks with RePU activation: with applications
to score estimation and isotonic regression", arXiv:2305.00608.
"""

from kousei.io import register
from kousei.repu import files
from kousei.repu.derivative import derivative_network
from kousei.repu.network import PolynomialNetwork
from kousei.repu.polynomials import from_chebyshev, from_polynomial
from kousei.repu.ranges import check_range
from kousei.repu.sampling import from_function

__all__ = [
    "PolynomialNetwork",
    "check_range",
    "derivative_network",
    "from_chebyshev",
    "from_function",
    "from_polynomial",
]

register(PolynomialNetwork, files.to_state, files.from_state)
