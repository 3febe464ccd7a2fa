"""Rewrites of a network into another one of the same function."""

from __future__ import annotations

from typing import Any, Self, TypeVar

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import require_positive
from kousei.funahashi.error import bumps_of
from kousei.funahashi.parts import Parts, real_pairs
from kousei.network import MLP
from kousei.network.fitting import Refit, check_data, check_rcond, fit_output_weights

Net = TypeVar("Net", bound=Parts)


class Rewrites(Parts):
    """A `FunahashiNetwork` as what can be rewritten: written out, or into another one of the same function."""

    def to_mlp(self) -> MLP:
        """Write the network out: weights, biases and output weights of every unit.

        Returns
        -------
        MLP
            The same function of x, with arrays of the same library.

        Raises
        ------
        ValueError
            If there are none, as in the network of a constant: an MLP has at least one.
        MemoryError
            If they do not fit into memory.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> net = kousei.FunahashiNetwork([[1.0]], [1.0], np.pi / 4 * np.arange(-32, 33), 1.0, np.pi / 2)
        >>> net.to_mlp()
        MLP(1 -> 130 logistic -> 1, float64, 391 parameters)
        """
        if self.units == 0:
            raise ValueError(
                f"the network has no hidden units, its value is {self.offset:.6g}; at least 1 unit is accepted"
            )
        w, a, t, phases, center = self._arrays.values()
        xp = arrays.namespace(w)
        frequency, opened, closed = unit_indices(self)

        def take(array: Any, index: np.ndarray[Any, Any]) -> Any:
            return xp.take(array, arrays.like(np.ascontiguousarray(index), array), axis=0)

        def real_array(values: np.ndarray[Any, Any]) -> Any:
            return arrays.like(np.ascontiguousarray(values).astype(self.dtype), w)

        turned = take(a, frequency) * real_array(np.array([1.0, -1.0]))

        def real_part(bump: np.ndarray[Any, Any]) -> Any:
            """Return Re(a phase), 0 where there is no bump."""
            return xp.sum(turned * (take(phases, np.maximum(bump, 0)) * real_array(bump >= 0)[:, None]), axis=-1)

        coef = real_part(opened) - real_part(closed)
        sign = np.where(opened >= 0, self.alpha, -self.alpha)
        shift = take(w @ center, frequency) + take(t, np.where(opened >= 0, opened, closed))
        weight = take(w / self.delta, frequency)
        bias = real_array(sign) - shift / self.delta
        offset = real_array(np.array([self.offset]))
        return MLP([weight, xp.reshape(coef, (1, -1))], [bias, offset], self.activations)

    def merge(self) -> Self:
        """Return the same function with units that coincide made one.

        Where 2 alpha delta = p h with an integer p, as by the rule, the unit that closes bump k is the one that opens
        bump k + p: m + p units for each frequency instead of 2 m.

        Returns
        -------
        FunahashiNetwork

        Raises
        ------
        ValueError
            If 2 alpha delta/h is not an integer, or more than the number of thresholds.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> net = kousei.FunahashiNetwork([[1.0]], [1.0], np.pi / 4 * np.arange(-32, 33), 1.0, np.pi / 2)
        >>> net.units, net.merge().units
        (130, 69)
        """
        p, ratio = coincidence(self)
        if p == 0:
            raise ValueError(
                f"2 alpha delta/h is {ratio:.12g}; an integer is accepted, at most the fewest thresholds of a "
                f"frequency, {_fewest_thresholds(self)}: no units coincide (those of from_function with tol do, and "
                "are merged)"
            )
        return self._derive(_merged=p)

    def halve(self) -> Self:
        """Return the same function with one frequency for each pair w, -w, and w = 0 in the offset.

        Thresholds that are symmetric about 0 make H(-s) the conjugate of H(s). A frequency without a partner is kept,
        as -order/2 along an axis is.

        Returns
        -------
        FunahashiNetwork

        Raises
        ------
        ValueError
            If the thresholds are not symmetric about 0.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> t = np.pi / 4 * np.arange(-32, 33)
        >>> net = kousei.FunahashiNetwork([[-1.0], [0.0], [1.0]], [0.5, 1.0, 0.5], t, 1.0, np.pi / 2)
        >>> net.halve()
        FunahashiNetwork(1 -> 130 logistic -> 1, float64, 1 frequencies x 65 thresholds)
        """
        w, pairs, t, phases, _ = (arrays.to_host(array).astype(np.float64) for array in self._arrays.values())
        bumps = bumps_of(self)
        if np.abs(t + t[::-1]).max() > 1e-12 * np.abs(t).max():
            raise ValueError(
                f"the thresholds reach from {t[0]:.6g} to {t[-1]:.6g}; symmetric ones are accepted, "
                "as from_function has them with tol, and halves"
            )
        if (bumps.sum(axis=1) != len(t)).any():
            raise ValueError("some frequencies take thresholds that are not symmetric; symmetric ones are accepted")
        kept, a = add_partners(w, pairs[:, 0] + 1j * pairs[:, 1], bumps)
        constant = ~w[kept].any(axis=1)
        constants = [float(np.real(a[i] * _at_zero(self, t, phases, bumps[i]))) for i in kept[constant]]
        half = _of_frequencies(self, kept[~constant], a, self.offset + sum(constants))
        gap = abs(sum(constants) - float(a[kept[constant]].real.sum()))
        return half._derive(_gap=self._gap + gap)

    def prune(self, tol: float) -> Self:
        """Return the network without its smallest amplitudes, those whose moduli add up to at most `tol`.

        Parameters
        ----------
        tol : float
            By which values may change, up to the factor max |H|, 1 to the accuracy of H.

        Returns
        -------
        FunahashiNetwork
            Its `error_bound` counts what was left out, unless it was given by its frequencies.

        Raises
        ------
        TypeError, ValueError
            If `tol` is not a positive finite number.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> t = np.pi / 4 * np.arange(-32, 33)
        >>> kousei.FunahashiNetwork([[1.0], [2.0]], [1.0, 1e-12], t, 1.0, np.pi / 2).prune(1e-9).frequencies
        array([[1.]])
        """
        require_positive(tol=tol)
        a = arrays.to_host(self.amplitudes).astype(np.complex128)
        kept = significant(a, tol)
        pruned = _of_frequencies(self, kept, a, self.offset)
        if self._residual is None:
            return pruned
        lost = float(np.abs(np.delete(a, kept)).sum())
        return pruned._derive(_residual=self._residual._replace(size=self._residual.size + lost))

    def refit(self, x: Any, y: Any, rcond: float = 1e-13) -> Refit:
        """Fit the output weights to values by least squares, and keep the hidden units.

        Parameters
        ----------
        x : array_like (n, dim)
            Points, at least as many as there are output weights and an offset.
        y : array_like (n,)
            Real values.
        rcond : float
            Between 0 and 1. Singular values below this share of the largest are left out. The smaller it is, the
            smaller the residual and the larger the weights, which cancel.

        Returns
        -------
        Refit
            `network`, an MLP with NumPy arrays of float64; `residual`, the largest difference at the points;
            `sum_of_weights`, the sum of |output weights| and |offset|, by which rounding is multiplied; `rank`, the
            singular values kept.

        Raises
        ------
        TypeError, ValueError
            If the points or the values do not fit, are not finite, or are too few; if the network has no units, or
            the weights overflow.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> net = kousei.FunahashiNetwork.from_function(lambda x: np.exp(x[..., 0]), [(0, 1)], tol=1e-2)
        >>> x = np.linspace(0, 1, 500)[:, None]
        >>> fit = net.refit(x, np.exp(x[:, 0]))
        >>> fit.residual < 1e-9, fit.network.units == net.units
        (True, True)
        """
        points, values = check_data(x, y, self.dim)
        check_rcond(rcond)
        if len(points) < self.units + 1:
            raise ValueError(
                f"x has {len(points)} points and the network {self.units} output weights and an offset; "
                "at least as many points are accepted"
            )
        what = f"a fit of {self.units} units at {len(points)} points"
        arrays.require_memory(len(points) * (self.units + 1), 16, what)
        mlp = self.astype("float64").to_mlp()
        weight, bias = arrays.to_host(mlp.weights[0]), arrays.to_host(mlp.biases[0])
        return fit_output_weights([(weight, bias)], self.activations[0], points, values, rcond)


def coincidence(net: Parts) -> tuple[int, float]:
    """Return how many bumps on a unit opens a bump that it closes, p = 2 alpha delta/h, and that ratio.

    0 where the ratio is no integer, or more than the fewest thresholds of a frequency.
    """
    ratio = 2 * net.alpha * net.delta / net._spacing
    p = round(ratio)
    return (p if 1 <= p <= _fewest_thresholds(net) and abs(ratio - p) <= 1e-9 * p else 0), ratio


def _fewest_thresholds(net: Parts) -> int:
    return int(np.diff(bumps_of(net)).min(initial=arrays.shape_of(net.thresholds)[0]))


def add_partners(
    w: np.ndarray[Any, Any], a: np.ndarray[Any, Any], alike: np.ndarray[Any, Any] | None = None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return which frequencies are kept when each -w is left to its w, and the amplitudes with those of the others.

    Re[a_(-w) e^(-is)] = Re[conj(a_(-w)) e^(is)]. Only frequencies with equal rows of `alike` are partners.
    """
    kept, a = [], a.copy()
    waiting: dict[bytes, int] = {}
    for i, row in enumerate(w + 0.0):  # without negative zeros
        partner = waiting.pop((0.0 - row).tobytes(), None)
        if partner is None or (alike is not None and not np.array_equal(alike[i], alike[partner])):
            waiting[row.tobytes()] = i
            kept.append(i)
        else:
            a[partner] += np.conj(a[i])
    return np.array(kept, dtype=np.int64), a


def significant(a: np.ndarray[Any, Any], tol: float) -> np.ndarray[Any, Any]:
    """Return which amplitudes are left without the smallest ones, whose moduli add up to at most `tol`."""
    ascending = np.argsort(np.abs(a), kind="stable")
    dropped = int(np.searchsorted(np.cumsum(np.abs(a)[ascending]), tol, side="right"))
    return np.sort(ascending[dropped:])


def unit_indices(net: Parts) -> tuple[np.ndarray[Any, Any], ...]:
    """Return of each unit its frequency, the bump it opens and the one it closes, or -1."""
    bumps = bumps_of(net)
    units = net._units_of(np.diff(bumps).ravel())
    frequency = np.repeat(np.arange(len(units)), units)
    index = np.arange(len(frequency)) - np.repeat(np.cumsum(units) - units, units)
    first, last = bumps[frequency].T
    if net._merged:
        opened = np.where(first + index < last, first + index, -1)
        closed = np.where(index >= net._merged, first + index - net._merged, -1)
    else:
        opened = np.where(index % 2 == 0, first + index // 2, -1)
        closed = np.where(index % 2 == 1, first + index // 2, -1)
    return frequency, opened, closed


def _at_zero(
    net: Parts, t: np.ndarray[Any, Any], phases: np.ndarray[Any, Any], bumps: np.ndarray[Any, Any]
) -> complex:
    """H(0) with the bumps of one frequency."""
    phi = net.activations[0]
    used = slice(*bumps)
    bump = phi(net.alpha - t[used] / net.delta) - phi(-net.alpha - t[used] / net.delta)
    real, imaginary = bump @ phases[used]
    return complex(real, imaginary)


def _of_frequencies(net: Net, kept: np.ndarray[Any, Any], a: np.ndarray[Any, Any], offset: float) -> Net:
    """Return the network of some of the frequencies, with these amplitudes."""
    model = net.frequencies
    w = arrays.to_host(model)[kept]
    pairs = real_pairs(a[kept]).astype(net.dtype)
    parts = {"frequencies": arrays.like(w, model), "amplitudes": arrays.like(pairs, model)}
    bumps = None if net._bumps is None else net._bumps[kept]
    return net._derive(_arrays=net._arrays | parts, _bumps=bumps, _offset=offset)
