"""H by polynomials, from those of one bump.

On a cell, H is a sum of bumps that are the same function h apart, with phases e^(it): e^(it_b) times the sum of
e^(-irh) psi_r over the bumps r = 0, 1, ... thresholds before t_b, where there are any. Sums over consecutive r are
differences of two that start at 0, and those serve every range of thresholds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kousei._lib import _core, arrays, backends
from kousei._lib.arrays import Array
from kousei.funahashi.bump import bump_phases, reach_of_bump

if TYPE_CHECKING:
    from kousei.funahashi.network import FunahashiNetwork

_TERMS = _core.funahashi_table_degree + 1
#: Bytes of tables that a network keeps; where it has more, each call makes one after the other.
_KEPT_BYTES = 1 << 26


class Table(NamedTuple):
    """H by a polynomial on each cell, as the kernel takes it."""

    values: Any
    first: float
    cells_per_unit: float


class Group(NamedTuple):
    """Frequencies that take the same bumps: the first, and one past the last."""

    #: An index into arrays of the network.
    members: Any
    first: int
    last: int


class Cut(NamedTuple):
    """How the polynomials of a bump are cut: into cells of h/`cells`, over `spacings` h in all."""

    spacings: int
    cells: int

    def of_table(self, bumps: int) -> int:
        """Return the cells of a table of H with so many bumps."""
        return (bumps + self.spacings - 1) * self.cells


def cut(net: FunahashiNetwork) -> Cut:
    """Return cells on which a polynomial is the bump to rounding, out to where it is 0 to rounding."""
    phi = net.activations[0]
    reach = reach_of_bump(net.delta, net.alpha, phi)
    assert reach is not None
    width = (0.25 if phi.name == "logistic" else 0.125) * min(1.0, net.delta)
    return Cut(2 * math.ceil(reach / net._spacing), math.ceil(net._spacing / width))


def groups(net: FunahashiNetwork) -> list[Group]:
    """Return the groups of a network's frequencies."""
    if net._bumps is None:
        return [Group(slice(None), 0, arrays.shape_of(net.thresholds)[0])]
    ranges, group = np.unique(net._bumps, axis=0, return_inverse=True)
    group = group.ravel()
    members = [arrays.beside(np.flatnonzero(group == i), net.frequencies) for i in range(len(ranges))]
    return [Group(index, int(first), int(last)) for index, (first, last) in zip(members, ranges, strict=True)]


class Bumps:
    """The polynomials of a network's bump, or of its derivative, and the tables made of them."""

    def __init__(self, net: FunahashiNetwork, *, derivative: bool) -> None:
        spacings, cells = cut(net)
        arrays.require_memory(spacings * cells * _TERMS, 64, f"a table of {spacings * cells} cells for one bump")
        # The polynomials that agree with it at Chebyshev points. Coefficients of powers of the distance from the
        # middle of a cell, in cells; the highest first.
        nodes = np.cos(np.pi * (np.arange(_TERMS) + 0.5) / _TERMS) / 2
        middles = np.arange(spacings * cells) - (spacings * cells - 1) / 2
        values = _bump(net, net._spacing / cells * (middles[:, None] + nodes), derivative)
        bumps = np.linalg.solve(np.vander(nodes, _TERMS), values.T).T.reshape(spacings, cells, _TERMS)
        turned = _turns(-net._spacing, np.arange(spacings))[:, None, None] * bumps
        self._sums = np.concatenate([np.zeros_like(turned[:1]), np.cumsum(turned, axis=0)])
        self._kept: list[Table] | None = None

    def tables(self, net: FunahashiNetwork) -> Iterator[tuple[Any, Table]]:
        """Yield the frequencies of each group and their H."""
        t0 = float(net._host["thresholds"][0])
        made = (self.table(net, t0 + net._spacing * first, last - first) for _, first, last in net._groups)
        cells = sum(cut(net).of_table(last - first) for _, first, last in net._groups)
        if self._kept is None and cells * _TERMS * 2 * net.dtype.itemsize <= _KEPT_BYTES:
            self._kept = list(made)
        members = (of.members for of in net._groups)
        return zip(members, made if self._kept is None else self._kept, strict=True)

    def table(self, net: FunahashiNetwork, first: float, count: int) -> Table:
        """Return the sum of (h/Psi(1)) e^(it) times the bump at t, for so many t, h apart from `first` on."""
        h, (spacings, cells) = net._spacing, cut(net)
        at = np.arange(count + spacings - 1)
        phases = bump_phases(net.delta, net.alpha, first + h * at, net.activations[0])[0] * _turns(h, at)
        sums = self._sums[np.minimum(at + 1, spacings)] - self._sums[np.maximum(at - count + 1, 0)]
        values = (phases[:, None, None] * sums).reshape(-1, _TERMS)
        table = np.zeros((len(values) + 2, _TERMS, 2), net.dtype)  # with what lies beyond
        table[1:-1, :, 0], table[1:-1, :, 1] = values.real, values.imag
        return Table(arrays.beside(table, net.frequencies), first - h * spacings / 2 - h / cells, cells / h)


def _turns(angle: float, times: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return e^(i angle times) to rounding: what of the product is large is exact."""
    fraction, exponent = math.frexp(angle)
    large = math.ldexp(round(math.ldexp(fraction, 26)), exponent - 26)
    turns: np.ndarray[Any, Any] = np.exp(1j * (large * times)) * np.exp(1j * ((angle - large) * times))
    return turns


def _bump(net: FunahashiNetwork, u: np.ndarray[Any, Any], derivative: bool) -> np.ndarray[Any, Any]:
    """Return the bump, or its derivative: a network of one frequency and one threshold."""
    values, one = np.empty(u.size), np.array([[1.0, 0.0]])
    kernel = _core.cpu.funahashi_gradient if derivative else _core.cpu.funahashi_evaluate
    kernel(
        frequencies=np.ones((1, 1)),
        amplitudes=one,
        thresholds=np.zeros(1),
        phases=one,
        center=np.zeros(1),
        spacing=net._spacing,
        delta=net.delta,
        alpha=net.alpha,
        activation=net.activations[0].code,
        x=u.reshape(-1, 1),
        out=values[:, None] if derivative else values,
        on=_core.cpu.Cpu(),
    )
    return values.reshape(u.shape)


def factors(w: Array, amplitudes: Array, gradient: bool) -> Array:
    """Return of real pairs a the factors of H in the value; or of its derivative along each axis, (outputs, n, 2)."""
    xp = arrays.namespace(w)
    axes = [w[:, axis : axis + 1] * amplitudes for axis in range(w.shape[1])] if gradient else [amplitudes]
    return xp.stack(axes)


def evaluate(net: FunahashiNetwork, backend: backends.Backend, x: Array, gradient: bool) -> Array:
    """Return the values at points (n, dim), or the derivatives along each axis: (outputs, n)."""
    w, a, center = (backend.array(name, net._arrays[name]) for name in ("frequencies", "amplitudes", "center"))
    total = backend.empty((net.dim if gradient else 1, x.shape[0]), np.dtype(np.float64))
    total[...] = 0.0 if gradient else net.offset
    for members, of in (net._bump_slopes if gradient else net._bump_values).tables(net):
        total += look_up(backend, of, w[members], factors(w[members], a[members], gradient), center, x)
    return total


def look_up(backend: backends.Backend, table: Table, w: Array, amplitudes: Array, center: Array, x: Array) -> Array:
    """Return the sums of Re[a H(w . (x - center))] at points (n, dim) for each row of amplitudes: (outputs, n)."""
    sums = backend.empty((amplitudes.shape[0], x.shape[0]), arrays.real_dtype(x=x))
    views = {"frequencies": w, "center": center, "values": table.values, "x": x}
    views = {name: backend.view(name, array) for name, array in views.items()}
    for row in range(amplitudes.shape[0]):
        backend.kernels.funahashi_evaluate_table(
            **views,
            amplitudes=backend.view("amplitudes", amplitudes[row]),
            offset=0.0,
            first=table.first,
            cells_per_unit=table.cells_per_unit,
            out=backend.view("out", sums[row]),
            on=backend.launch(),
        )
    return sums
