"""Networks of a few units drawn from a spectrum."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_integer
from kousei._lib.random import Rng, generator
from kousei.network import MLP
from kousei.network.fitting import fit_output_weights
from kousei.ridgelet.spectrum import Spectrum, network_of, output_weights

#: Singular values of a refit, relative to the largest, that are kept.
_RCOND = 1e-10


def sample(
    spectrum: Spectrum,
    units: int,
    *,
    refit: tuple[Any, Any] | None = None,
    rng: Rng = None,
) -> MLP:
    """Draw a network from a spectrum, each unit with a probability as its output weight is large.

    The whole network, `from_spectrum`, is the mean of the networks drawn: with its output weights c, every draw has
    the weight sign(c) sum |c|/units, and draws of the same unit are one unit. Their spread falls as 1/sqrt(units).

    Parameters
    ----------
    spectrum : Spectrum
        As for `from_spectrum`.
    units : int
        Draws, and hidden units at most.
    refit : (x, y), optional
        Points (n, dim) and values (n,): the output weights and the constant are those of least squares instead. It
        helps much where n is well above the units; units drawn uniformly do nearly as well then.
    rng : numpy.random.Generator, int or None
        Source of the draws (SPEC 7).

    Returns
    -------
    MLP
        dim -> at most `units` -> 1, of the library and the dtype of the spectrum's values.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `from_spectrum` does; or if `units` is no positive integer, or `refit` no pair of finite numbers of these
        shapes.

    Examples
    --------
    >>> import numpy as np
    >>> from kousei.ridgelet import AdmissiblePair, Spectrum, ball_directions, gaussian_mixture_ridgelet, sample
    >>> pair, line, b = AdmissiblePair("tanh", 1, order=2), ball_directions(1, 6.0, radii=40), np.arange(-20, 20, 0.2)
    >>> spectrum = Spectrum(gaussian_mixture_ridgelet([1.0], [[0.0]], [1.0], line.vectors, b, pair), line, b, pair)
    >>> net = sample(spectrum, 1000, rng=0)
    >>> bool(abs(net(np.array([1.0])) - np.exp(-0.5)) < 0.3)
    True
    >>> x = np.linspace(-2, 2, 200)[:, None]
    >>> net = sample(spectrum, 30, refit=(x, np.exp(-(x[:, 0] ** 2) / 2)), rng=0)
    >>> bool(abs(net(np.array([1.0])) - np.exp(-0.5)) < 1e-4)
    True
    """
    weights = output_weights(spectrum)
    units = check_integer("units", units, 1, (1 << 63) - 1)
    if refit is not None and not (isinstance(refit, tuple | list) and len(refit) == 2):
        raise TypeError(f"refit was {type(refit).__name__}; a pair (x, y) is accepted")
    size = np.abs(weights).ravel()
    total = size.sum()
    draws = generator(rng).multinomial(units, size / total)
    net = network_of(spectrum, np.flatnonzero(draws), np.sign(weights).ravel() * draws * (total / units))
    return (net if refit is None else _refitted(net, *refit)).like(spectrum.values)


def _refitted(net: MLP, x: Any, y: Any) -> MLP:
    x, y = arrays.finite_numbers("refit[0]", x), arrays.finite_numbers("refit[1]", y)
    if x.ndim != 2 or x.shape[1] != net.dim or y.shape != x.shape[:1] or not y.size:
        raise ValueError(f"refit has shapes {x.shape} and {y.shape}; (n, {net.dim}) and (n,), n >= 1, are accepted")
    arrays.require_memory(len(x) * (net.units + 1), 16, f"the fit of {net.units} units to {len(x)} points")
    return fit_output_weights([(net.weights[0], net.biases[0])], net.activations[0], x, y, _RCOND).network
