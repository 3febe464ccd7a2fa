from __future__ import annotations

from typing import Any

import numpy as np

import kousei
from kousei.equivariant import (
    Convolution,
    FiniteGroup,
    FiniteRidgelet,
    GSet,
    JointEquivariantFeature,
    orbit_sum,
    polynomials,
)

from .evaluation import BACKENDS, DTYPES, on_gpu


class Finite:
    """The transform over Z_p^d and its inverse, on one CPU thread or a GPU."""

    params = (BACKENDS, [(31, 2), (61, 2), (31, 3), (251, 2)], DTYPES)
    param_names = ("backend", "p, dim", "dtype")

    def setup(self, backend: str, size: tuple[int, int], dtype: str) -> None:
        kousei.set_num_threads(1)
        p, dim = size
        g = np.maximum(np.arange(p) - (p - 1) / 2, 0.0)
        self.operator = FiniteRidgelet(p, dim, g, g - g.mean(), dtype=dtype)
        f = np.random.default_rng(0).normal(size=(p,) * dim).astype(dtype)
        self.f = f if backend == "numpy" else on_gpu(f)
        self.spectrum = self.operator.transform(self.f)
        self.operator.reconstruct(self.spectrum)

    def time_transform(self, backend: str, size: tuple[int, int], dtype: str) -> None:
        on_host(self.operator.transform(self.f))

    def time_reconstruct(self, backend: str, size: tuple[int, int], dtype: str) -> None:
        on_host(self.operator.reconstruct(self.spectrum))

    def peakmem_transform(self, backend: str, size: tuple[int, int], dtype: str) -> None:
        on_host(self.operator.transform(self.f))

    def track_error(self, backend: str, size: tuple[int, int], dtype: str) -> float:
        """Return the largest error of the function that comes back."""
        return float(np.abs(on_host(self.operator.reconstruct(self.spectrum)) - on_host(self.f)).max())


class Sums:
    """Sums over 1024 x 1024 pairs, by labels of 16 orbits or for units of Z_31^2, on one CPU thread or a GPU."""

    params = (BACKENDS, ["orbits", "transposed orbits", "ridges"], [1, 16], DTYPES)
    param_names = ("backend", "labels", "batch", "dtype")

    def setup(self, backend: str, labels: str, batch: int, dtype: str) -> None:
        kousei.set_num_threads(1)
        there = on_gpu if backend == "cupy" else np.asarray
        rng = np.random.default_rng(0)
        if labels == "ridges":
            g = np.maximum(np.arange(31) - 15.0, 0.0)
            R, f = FiniteRidgelet(31, 2, g, g - g.mean(), "direct", dtype=dtype), rng.normal(size=(batch, 31, 31))
            given = there(f.astype(dtype))
            self.sums = lambda: R.transform(given)
        else:
            pairs = there(rng.integers(0, 16, (1024, 1024), dtype=np.int32))
            v, f = there(rng.normal(size=16).astype(dtype)), there(rng.normal(size=(batch, 1024)).astype(dtype))
            self.sums = lambda: orbit_sum(f, pairs, v, transpose=labels != "orbits")
        self.sums()

    def time_sums(self, backend: str, labels: str, batch: int, dtype: str) -> None:
        on_host(self.sums())


class Frame:
    """T of features with all functions a.x - b over F_p^dim, its certificate and the dual."""

    params = ([(31, 1), (5, 2)],)
    param_names = ("field",)

    def setup(self, field: tuple[int, int]) -> None:
        p, dim = field
        kousei.set_num_threads(1)
        self.X = GSet.natural(FiniteGroup.affine(p, dim))
        self.Xi = polynomials(self.X, 1)
        self.values = np.maximum(self.Xi.points[..., 0].T - p // 2, 0)
        self.phi = self.feature()
        self.phi.certify()
        self.f = np.random.default_rng(0).standard_normal(self.X.size)

    def feature(self) -> JointEquivariantFeature:
        return JointEquivariantFeature(self.values, self.X, self.Xi)

    def time_feature(self, field: tuple[int, int]) -> None:
        self.feature()

    def time_frame_operator(self, field: tuple[int, int]) -> None:
        self.phi.frame_operator()

    def time_certify(self, field: tuple[int, int]) -> None:
        self.phi.certify()

    def track_error(self, field: tuple[int, int]) -> float:
        """Return the largest error of a function that is reconstructed."""
        return float(np.abs(self.phi.reconstruct(self.f) - self.f).max())


class Convolve:
    """Eight functions and eight filters over a group, there and back, on one CPU thread or a GPU."""

    params = (BACKENDS, ["Z_64 x Z_64", "D_256"], DTYPES)
    param_names = ("backend", "group", "dtype")

    def setup(self, backend: str, group: str, dtype: str) -> None:
        kousei.set_num_threads(1)
        G = FiniteGroup.dihedral(256) if group == "D_256" else FiniteGroup.product(*[FiniteGroup.cyclic(64)] * 2)
        rng = np.random.default_rng(0)
        self.convolution = Convolution(G, rng.standard_normal((8, G.order)))
        f = rng.standard_normal((8, G.order)).astype(dtype)
        self.f = f if backend == "numpy" else on_gpu(f)
        self.convolve()

    def convolve(self) -> np.ndarray[Any, Any]:
        return on_host(self.convolution.network(self.convolution.ridgelet(self.f)))

    def time_convolve(self, backend: str, group: str, dtype: str) -> None:
        self.convolve()

    def peakmem_convolve(self, backend: str, group: str, dtype: str) -> None:
        self.convolve()

    def time_dual(self, backend: str, group: str, dtype: str) -> None:
        self.convolution.dual()


def on_host(array: Any) -> np.ndarray[Any, Any]:
    return array if isinstance(array, np.ndarray) else array.get()
