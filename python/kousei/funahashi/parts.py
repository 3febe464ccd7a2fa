"""What a network is kept as, and what follows from that alone."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self

import numpy as np

from kousei._lib import arrays
from kousei._lib.arrays import Array
from kousei._lib.errors import finite_number
from kousei._lib.pickling import without_cached
from kousei.activation import Activation
from kousei.funahashi.bump import bounded, bump_phases, spacing_of
from kousei.funahashi.error import Residual, residual_in
from kousei.network import MLP


class Parts(MLP):
    """The state of a `FunahashiNetwork`: frequencies, amplitudes and thresholds, from which every weight follows."""

    _arrays: dict[str, Array]  # of the kernels, by name
    _spacing: float  # of the thresholds
    _delta: float
    _alpha: float
    _offset: float
    _bumps: np.ndarray[Any, Any] | None = None  # first, and one past the last, that each frequency takes
    _merged = 0  # how many bumps on the unit that closes one opens another; 0: two units for each bump
    _residual: Residual | None = None  # how far the Fourier sum is from the function
    _gap = 0.0  # how far the offset is from what the Fourier sum has

    @classmethod
    def _of_parts(cls, *parts: Any) -> Self:
        """Return the network of what the constructor takes, without the warning of coarse thresholds."""
        net = object.__new__(cls)
        net._set_parts(*parts)
        return net

    def _set_parts(
        self,
        frequencies: Any,
        amplitudes: Any,
        thresholds: Any,
        delta: float,
        alpha: float,
        center: Any,
        activation: Activation | str,
        offset: float,
    ) -> None:
        w = arrays.finite_numbers("frequencies", frequencies)
        if w.ndim != 2 or w.shape[1] == 0:
            raise ValueError(f"frequencies has shape {w.shape}; (n, dim), dim >= 1, is accepted")
        a = arrays.finite_numbers("amplitudes", amplitudes, kinds="iufc")
        arrays.require_shape("amplitudes", a, w.shape[:1])
        t = arrays.real_numbers("thresholds", thresholds)
        c = np.zeros(w.shape[1]) if center is None else arrays.finite_numbers("center", center)
        arrays.require_shape("center", c, w.shape[1:])
        offset = finite_number("offset", offset)
        phi = bounded(activation)
        phases = bump_phases(delta, alpha, t, phi)
        self._arrays = {
            "frequencies": w,
            "amplitudes": real_pairs(a),
            "thresholds": t,
            "phases": real_pairs(phases),
            "center": c,
        }
        self._activations = (phi,)
        self._spacing = spacing_of(t)
        self._delta, self._alpha, self._offset = float(delta), float(alpha), offset
        self._dtype = np.dtype(np.float64)

    @property
    def frequencies(self) -> Array:
        """The w, (n, dim)."""
        return self._arrays["frequencies"]

    @property
    def amplitudes(self) -> Array:
        """The complex a_w, (n,)."""
        pairs = self._arrays["amplitudes"]
        return pairs[:, 0] + 1j * pairs[:, 1]

    @property
    def thresholds(self) -> Array:
        """The t_k, (m,)."""
        return self._arrays["thresholds"]

    @property
    def center(self) -> Array:
        """Where w . (x - center) is 0, (dim,)."""
        return self._arrays["center"]

    @property
    def delta(self) -> float:
        """Width of the bump."""
        return self._delta

    @property
    def alpha(self) -> float:
        """Half the distance of the bump's two units, in widths."""
        return self._alpha

    @property
    def offset(self) -> float:
        """Bias of the output."""
        return self._offset

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of each layer."""
        n, dim = arrays.shape_of(self.frequencies)
        if self._bumps is None:
            return dim, n * self._units_of(arrays.shape_of(self.thresholds)[0]), 1
        return dim, int(self._units_of(np.diff(self._bumps)).sum()), 1

    @property
    def parameters(self) -> int:
        """Weights and biases of the network written out."""
        return self.units * (self.dim + 2) + 1

    def _units_of(self, bumps: Any) -> Any:
        return bumps + self._merged if self._merged else 2 * bumps

    @cached_property
    def _host(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return the arrays as those of NumPy: copied from a device once, which waits for it."""
        return {name: arrays.to_host(array) for name, array in self._arrays.items()}

    @cached_property
    def _ranges(self) -> dict[str, Array]:
        """Return the bumps of each frequency as the kernels take them; nothing where it takes all of them."""
        if self._bumps is None:
            return {}
        units = self._units_of(np.diff(self._bumps).ravel())
        starts = np.concatenate([[0], np.cumsum(units)]).astype(np.int64)
        ranges = {"bumps": np.ascontiguousarray(self._bumps), "starts": starts}
        return {name: arrays.like(array, self.frequencies) for name, array in ranges.items()}

    __getstate__ = without_cached

    def _derive(self, **changes: Any) -> Self:
        """Return a network with other private attributes; what follows from them is made anew."""
        derived = object.__new__(type(self))
        derived.__dict__.update(without_cached(self) | changes)
        return derived

    def _map(self, convert: Any) -> Self:
        converted = {name: convert(array) for name, array in self._arrays.items()}
        dtype = arrays.real_dtype(frequencies=converted["frequencies"])
        return self._derive(_arrays=converted, _dtype=dtype, _residual=residual_in(self, dtype))


def real_pairs(z: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return complex numbers as pairs (real, imaginary), one axis more."""
    return np.stack([z.real, z.imag], axis=-1)
