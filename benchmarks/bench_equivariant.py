from __future__ import annotations

from typing import Any

import numpy as np

from kousei import set_num_threads
from kousei.equivariant import Convolution, FiniteGroup, GSet, JointEquivariantFeature, polynomials

from .evaluation import BACKENDS, DTYPES, on_gpu


class Frame:
    """T of features with all functions a.x - b over F_p^dim, its certificate and the dual."""

    params = ([(31, 1), (5, 2)],)
    param_names = ("field",)

    def setup(self, field: tuple[int, int]) -> None:
        p, dim = field
        set_num_threads(1)
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
        set_num_threads(1)
        G = FiniteGroup.dihedral(256) if group == "D_256" else FiniteGroup.product(*[FiniteGroup.cyclic(64)] * 2)
        rng = np.random.default_rng(0)
        self.convolution = Convolution(G, rng.standard_normal((8, G.order)))
        f = rng.standard_normal((8, G.order)).astype(dtype)
        self.f = f if backend == "numpy" else on_gpu(f)
        self.convolve()

    def convolve(self) -> np.ndarray[Any, Any]:
        result = self.convolution.network(self.convolution.ridgelet(self.f))
        return result if isinstance(result, np.ndarray) else result.get()

    def time_convolve(self, backend: str, group: str, dtype: str) -> None:
        self.convolve()

    def peakmem_convolve(self, backend: str, group: str, dtype: str) -> None:
        self.convolve()

    def time_dual(self, backend: str, group: str, dtype: str) -> None:
        self.convolution.dual()
