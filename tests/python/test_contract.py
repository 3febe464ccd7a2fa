"""What every public function that takes arrays promises, checked for each of them.

The list of functions is derived from the package: a public name that stands neither in CONTRACTS nor in NO_ARRAYS
fails `test_every_public_name_is_under_contract`.
"""

import importlib
import inspect
import pkgutil
from collections import ChainMap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

import kousei
from support import Library

BATCHES = [(), (0,), (5,), (2, 0, 3), (2, 3)]
LAYOUTS = ["C", "F", "strided", "negative"]


@dataclass(frozen=True)
class Contract:
    """A function of one array: `make(like)` returns it for arrays like this; points have `dim` coordinates."""

    make: Callable[[Any], Callable[..., Any]]
    dim: int | None = None
    outputs: int = 1
    complex_result: bool = False
    takes_out: bool = True
    any_dtype: bool = False


def _mlp(*sizes: int) -> Callable[[Any], Any]:
    return lambda like: kousei.MLP.random(sizes, "tanh", rng=1).like(like)


def _rewritten(rewrite: Callable[[kousei.MLP], kousei.MLP]) -> Callable[[Any], Any]:
    return lambda like: rewrite(kousei.MLP.random([3, 5, 4, 2], "hardtanh", rng=1).like(like))


def _derivative(like: Any) -> Any:
    return kousei.repu.derivative_network(kousei.MLP.random([3, 5, 4, 2], "repu2", rng=1).like(like))


def _binary(outputs: int, method: str) -> Callable[[Any], Any]:
    return lambda like: kousei.binarize(_coarse(outputs), method).like(like)


def _coarse(outputs: int) -> kousei.MLP:
    net = kousei.MLP.random([3, 4, 3, outputs], rng=1)
    weights, biases = ([np.rint(4 * a) / 4 for a in group] for group in (net.weights, net.biases))
    return kousei.MLP(weights, biases, net.activations)


def _funahashi(like: Any) -> Any:
    w = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]), axis=-1).reshape(-1, 2)
    thresholds = np.pi / 4 * np.arange(-20, 21)
    return kousei.FunahashiNetwork(w, np.arange(9) + 1j, thresholds, 1.0, np.pi / 2, [0.5, 0.5]).like(like)


def _ranged(like: Any) -> Any:
    # Frequencies of different ranges of thresholds, with output weights that cancel little.
    return kousei.funahashi.fourier_series({(1, 0): 1.0, (1, 3): 0.5j}, [(-1, 1)] * 2, 1e-2).like(like)


@cache
def _constructed() -> kousei.MLP:
    return kousei.construct(lambda x: np.exp(x[:, 0] * x[:, 1]), [(-1, 1)] * 2, 1e-2, rng=0)


def _scaled(like: Any) -> Any:
    scales = np.array([0.5, 3], "float32" if "float32" in str(like.dtype) else "float64")
    return kousei.packed.ScaledSigns(kousei.pack_signs(np.array([[1, -1, 1], [-1, -1, 1]])), scales).like(like)


_thresholds = np.pi / 4 * np.arange(-32, 33)
CONTRACTS = {
    "kousei.MLP.__call__": Contract(_mlp(3, 7, 1), dim=3),
    "kousei.MLP.__call__ (outputs)": Contract(_mlp(2, 9, 3), dim=2, outputs=3),
    "kousei.MLP.__call__ (any dim)": Contract(_mlp(5, 6, 1), dim=5),
    "kousei.MLP.__call__ (deep)": Contract(_mlp(2, 5, 4, 2), dim=2, outputs=2),
    "kousei.MLP.__call__ (constructed)": Contract(lambda like: _constructed().like(like), dim=2),
    "kousei.MLP.jet": Contract(
        lambda like: lambda x: _mlp(3, 5, 2)(like).jet(x).value, dim=3, outputs=2, takes_out=False
    ),
    "kousei.MLP.jet (laplacian)": Contract(
        lambda like: lambda x: _mlp(3, 5, 2)(like).jet(x).laplacian, dim=3, outputs=2, takes_out=False
    ),
    "kousei.MLP.divergence": Contract(lambda like: _mlp(3, 5, 3)(like).divergence, dim=3, takes_out=False),
    "kousei.MLP.divergence (bilinear)": Contract(
        lambda like: _mlp(3, 5, 4, 3)(like).divergence, dim=3, takes_out=False
    ),
    "kousei.MLP.to_relu": Contract(_rewritten(lambda net: net.to_relu()), dim=3, outputs=2),
    "kousei.MLP.to_activation": Contract(
        _rewritten(lambda net: net.to_activation("relu6", [(-1, 1)] * 3)), dim=3, outputs=2
    ),
    "kousei.FunahashiNetwork.__call__": Contract(_funahashi, dim=2),
    "kousei.FunahashiNetwork.gradient": Contract(lambda like: _funahashi(like).gradient, dim=2, outputs=2),
    "kousei.FunahashiNetwork.gradient (ranges)": Contract(lambda like: _ranged(like).gradient, dim=2, outputs=2),
    "kousei.FunahashiNetwork.to_mlp": Contract(lambda like: _funahashi(like).to_mlp(), dim=2),
    "kousei.FunahashiNetwork.merge": Contract(lambda like: _funahashi(like).merge(), dim=2),
    "kousei.FunahashiNetwork.halve": Contract(lambda like: _funahashi(like).halve(), dim=2),
    "kousei.FunahashiNetwork.prune": Contract(lambda like: _funahashi(like).prune(1.5), dim=2),
    "kousei.FunahashiNetwork.__call__ (ranges)": Contract(_ranged, dim=2),
    "kousei.Activation.__call__": Contract(lambda like: kousei.Activation("erf")),
    "kousei.Activation.__call__ (piecewise linear)": Contract(
        lambda like: kousei.PiecewiseLinear([-1, 0.5], [1, 0.5, -2], 0.25)
    ),
    "kousei.repu.derivative_network": Contract(_derivative, dim=3, outputs=6),
    "kousei.BinaryNetwork.__call__": Contract(_binary(1, "chain"), dim=3),
    "kousei.BinaryNetwork.__call__ (packed)": Contract(_binary(2, "dyadic"), dim=3, outputs=2),
    "kousei.PackedSigns.matmul": Contract(
        lambda like: kousei.pack_signs(np.array([[1, -1, 1], [-1, -1, 1]])).like(like).matmul,
        dim=3,
        outputs=2,
        any_dtype=True,
    ),
    "kousei.packed.ScaledSigns.matmul": Contract(lambda like: _scaled(like).matmul, dim=3, outputs=2, any_dtype=True),
    "kousei.funahashi.bump_transform": Contract(
        lambda like: lambda x: kousei.funahashi.bump_transform(x, 0.5, 2.0), takes_out=False
    ),
    "kousei.funahashi.universal_function": Contract(
        lambda like: lambda x: kousei.funahashi.universal_function(x, 1.0, np.pi / 2, _thresholds),
        takes_out=False,
        complex_result=True,
    ),
    "kousei.ridgelet.gaussian_kernel": Contract(
        lambda like: lambda t: kousei.ridgelet.gaussian_kernel(t, 3.5), takes_out=False
    ),
    "kousei.ridgelet.AdmissiblePair.kernel": Contract(
        lambda like: kousei.ridgelet.AdmissiblePair("tanh", 2).kernel, takes_out=False
    ),
} | {
    f"kousei.activation.{name}": Contract(lambda like, name=name: getattr(kousei.activation, name))
    for name in (
        *("logistic", "tanh", "erf", "arctan", "relu", "gelu", "silu", "softplus"),
        *("abs", "hat", "relu6"),
    )
}
#: Public names that take no array of points, and methods tested through the ones above.
NO_ARRAYS = {
    "kousei.CudaError",
    "kousei.SizeError",
    "kousei.BinaryNetwork.astype",
    "kousei.BinaryNetwork.error_bound",
    "kousei.BinaryNetwork.like",
    "kousei.BinaryNetwork.summary",
    "kousei.BinaryNetwork.to_mlp",
    "kousei.attribution.AttentionPooling.tabulate",  # of a set and what stands for it, and of batches of sets
    "kousei.attribution.AttentionPooling.values",
    "kousei.attribution.Attribution.plot",
    "kousei.attribution.DeepSet.tabulate",
    "kousei.attribution.DeepSet.values",
    "kousei.attribution.SetFunction.__call__",
    "kousei.attribution.SetFunction.tabulate",
    "kousei.attribution.SetFunction.values",
    "kousei.attribution.completeness_gap",
    "kousei.attribution.consistency_gap",
    "kousei.attribution.consistent_two_level",
    "kousei.attribution.deletion_curve",
    "kousei.attribution.integrated_gradients",
    "kousei.attribution.owen_kernel",
    "kousei.attribution.owen_permutation",
    "kousei.attribution.owen_values",
    "kousei.attribution.shapley_values",
    "kousei.binarize",
    "kousei.construct",
    "kousei.binary.Chain.pack",
    "kousei.binary.ErrorBound",
    "kousei.binary.Rounding",
    "kousei.chain_decomposition",
    "kousei.compare",  # of a function
    "kousei.distributed.adjoint",  # of NumPy and Dask arrays
    "kousei.distributed.cosine_topk",  # of sparse matrices and ratings
    "kousei.distributed.dual",  # of NumPy and Dask arrays
    "kousei.distributed.evaluate",  # of NumPy and Dask arrays
    "kousei.distributed.owen_values",
    "kousei.distributed.partial_fit",
    "kousei.distributed.preference_pagerank",
    "kousei.distributed.sample",
    "kousei.distributed.transform",  # of NumPy and Dask arrays
    "kousei.equivariant.Certificate.of",
    "kousei.equivariant.Convolution.dual",
    "kousei.equivariant.Convolution.network",
    "kousei.equivariant.Convolution.ridgelet",
    "kousei.equivariant.FiniteGroup.affine",
    "kousei.equivariant.FiniteGroup.cyclic",
    "kousei.equivariant.FiniteGroup.dihedral",
    "kousei.equivariant.FiniteGroup.find",
    "kousei.equivariant.FiniteGroup.from_table",
    "kousei.equivariant.FiniteGroup.inverse",
    "kousei.equivariant.FiniteGroup.multiply",
    "kousei.equivariant.FiniteGroup.power",
    "kousei.equivariant.FiniteGroup.product",
    "kousei.equivariant.FiniteGroup.symmetric",
    "kousei.equivariant.FiniteNetwork.__call__",
    "kousei.equivariant.FiniteRidgelet.adjoint",
    "kousei.equivariant.FiniteRidgelet.dot",
    "kousei.equivariant.FiniteRidgelet.dual",
    "kousei.equivariant.FiniteRidgelet.matmat",
    "kousei.equivariant.FiniteRidgelet.matvec",
    "kousei.equivariant.FiniteRidgelet.reconstruct",
    "kousei.equivariant.FiniteRidgelet.rmatmat",
    "kousei.equivariant.FiniteRidgelet.rmatvec",
    "kousei.equivariant.FiniteRidgelet.sample",
    "kousei.equivariant.FiniteRidgelet.transform",
    "kousei.equivariant.GSet.act",
    "kousei.equivariant.GSet.cosets",
    "kousei.equivariant.GSet.functions",
    "kousei.equivariant.GSet.is_same",
    "kousei.equivariant.GSet.natural",
    "kousei.equivariant.GSet.orbits",
    "kousei.equivariant.GSet.product",
    "kousei.equivariant.GSet.regular",
    "kousei.equivariant.GSet.subsets",
    "kousei.equivariant.GSet.trivial",
    "kousei.equivariant.GSet.tuples",
    "kousei.equivariant.GSet.words",
    "kousei.equivariant.JointEquivariantFeature.average",
    "kousei.equivariant.JointEquivariantFeature.certify",
    "kousei.equivariant.JointEquivariantFeature.check",
    "kousei.equivariant.JointEquivariantFeature.dual",
    "kousei.equivariant.JointEquivariantFeature.frame_operator",
    "kousei.equivariant.JointEquivariantFeature.from_orbits",
    "kousei.equivariant.JointEquivariantFeature.network",
    "kousei.equivariant.JointEquivariantFeature.reconstruct",
    "kousei.equivariant.JointEquivariantFeature.ridgelet",
    "kousei.equivariant.Representation.dihedral",
    "kousei.equivariant.Representation.is_same",
    "kousei.equivariant.Representation.matrix",
    "kousei.equivariant.Representation.of_set",
    "kousei.equivariant.Representation.trivial",
    "kousei.equivariant.isotypic",
    "kousei.equivariant.lift",
    "kousei.equivariant.orbit_sum",
    "kousei.equivariant.pair_orbits",
    "kousei.equivariant.polynomials",
    "kousei.equivariant.sample",
    "kousei.num_threads",
    "kousei.set_num_threads",
    "kousei.ClosedFormClassifier.decision_function",  # of arrays as scikit-learn takes them
    "kousei.ClosedFormClassifier.fit",
    "kousei.ClosedFormClassifier.predict",
    "kousei.ClosedFormClassifier.predict_proba",
    "kousei.ClosedFormRegressor.fit",
    "kousei.ClosedFormRegressor.predict",
    "kousei.FunahashiNetwork.error_bound",
    "kousei.FunahashiNetwork.from_function",
    "kousei.FunahashiNetwork.plan",
    "kousei.FunahashiNetwork.refit",
    "kousei.FunahashiNetwork.from_samples",
    "kousei.MonotoneRegressor.fit",  # of arrays as scikit-learn takes them
    "kousei.MonotoneRegressor.predict",
    "kousei.MonotoneRegressor.to_network",
    "kousei.MonotoneRegressor.violations",
    "kousei.MLP.astype",
    "kousei.MLP.bounds",
    "kousei.MLP.like",
    "kousei.MLP.random",
    "kousei.MLP.summary",
    "kousei.fit",
    "kousei.identity",
    "kousei.maximum",
    "kousei.minimum",
    "kousei.stack",
    "kousei.PackedSigns.like",
    "kousei.PackedSigns.unpack",
    "kousei.PackedSigns.dot",
    "kousei.PackedSigns.prepack",
    "kousei.pack_signs",
    "kousei.packed.ScaledSigns.like",
    "kousei.packed.ScaledSigns.prepack",
    "kousei.packed.ScaledSigns.unpack",
    "kousei.activation.hardsigmoid",
    "kousei.activation.hardtanh",
    "kousei.activation.leaky_relu",
    "kousei.activation.prelu",
    "kousei.activation.repu",
    "kousei.activation.softshrink",
    "kousei.fashion.ContrastiveLoss.forward",  # of tensors of torch alone, as all of fashion's modules
    "kousei.fashion.ImageIndex.retrieve",
    "kousei.fashion.MaskPredictor.fit",
    "kousei.fashion.MaskPredictor.forward",
    "kousei.fashion.MaskPredictor.predict",
    "kousei.fashion.OutfitScorer.cells",
    "kousei.fashion.OutfitScorer.explain",
    "kousei.fashion.OutfitScorer.fit",
    "kousei.fashion.OutfitScorer.forward",
    "kousei.fashion.OutfitScorer.load",
    "kousei.fashion.OutfitScorer.save",
    "kousei.fashion.OutfitScorer.scores",
    "kousei.fashion.PartialVSE.load",
    "kousei.fashion.PartialVSE.part_attention",
    "kousei.fashion.PartialVSE.save",
    "kousei.fashion.PartialVSE.shares",
    "kousei.fashion.Retrieved",
    "kousei.fashion.VisualSemanticEmbedding.explain",
    "kousei.fashion.VisualSemanticEmbedding.fit",
    "kousei.fashion.VisualSemanticEmbedding.forward",
    "kousei.fashion.VisualSemanticEmbedding.grid",
    "kousei.fashion.VisualSemanticEmbedding.heatmaps",
    "kousei.fashion.VisualSemanticEmbedding.index",
    "kousei.fashion.VisualSemanticEmbedding.load",
    "kousei.fashion.VisualSemanticEmbedding.related_tags",
    "kousei.fashion.VisualSemanticEmbedding.save",
    "kousei.fashion.VisualSemanticEmbedding.scores",
    "kousei.fashion.VisualSemanticEmbedding.shares",
    "kousei.fashion.VisualSemanticEmbedding.tag_heatmap",
    "kousei.fashion.VisualSemanticEmbedding.tag_scores",
    "kousei.fashion.VisualSemanticEmbedding.tags",
    "kousei.fashion.average_precision",  # tables and images are of NumPy
    "kousei.fashion.pointing",
    "kousei.fashion.read_folder",
    "kousei.fashion.render_items",
    "kousei.fashion.render_outfits",
    "kousei.fashion.triplet_loss",
    "kousei.fashion.write_folder",
    "kousei.interop.torch.RePU.extra_repr",
    "kousei.interop.torch.RePU.forward",  # of tensors of torch alone
    "kousei.interop.torch.RidgeletLayer.dual",
    "kousei.interop.torch.RidgeletLayer.extra_repr",
    "kousei.interop.torch.RidgeletLayer.forward",
    "kousei.interop.torch.SignLinear.extra_repr",
    "kousei.interop.torch.SignLinear.forward",  # of tensors of torch alone
    "kousei.interop.torch.SignLinear.from_linear",
    "kousei.interop.torch.SignLinear.from_signs",
    "kousei.interop.torch.SignLinear.reset_parameters",
    "kousei.interop.torch.divergence",
    "kousei.interop.torch.introduce_repu",
    "kousei.interop.torch.laplacian",
    "kousei.interop.torch.value_and_divergence",
    "kousei.load",
    "kousei.save",
    "kousei.io.from_onnx",
    "kousei.io.from_sklearn",
    "kousei.io.from_torch",
    "kousei.io.register",
    "kousei.io.to_onnx",
    "kousei.io.to_torch",
    "kousei.ising.Lattice.sample",
    "kousei.ising.Spins.configurations",
    "kousei.ising.Spins.like",
    "kousei.ising.Spins.matmul",  # of PackedSigns
    "kousei.ising.Spins.prepack",
    "kousei.ising.exact",
    "kousei.ising.infinite",
    "kousei.ising.observables",
    "kousei.Activation.for_kernels",
    "kousei.Activation.image",
    "kousei.funahashi.BumpParameters",
    "kousei.front.Attempt",
    "kousei.front.BenchmarkFunction",
    "kousei.front.Comparison.best",
    "kousei.front.Comparison.draw",
    "kousei.front.Comparison.seconds_to",
    "kousei.front.ConstructedNetwork.error_bound",
    "kousei.front.FittedNetwork.error_bound",
    "kousei.front.LeftOutError",
    "kousei.front.NotReachedError",
    "kousei.front.Report.draw",
    "kousei.front.Run",
    "kousei.front.benchmark_functions",
    "kousei.front.Trial",
    "kousei.front.Trials",
    "kousei.funahashi.ErrorBound",
    "kousei.funahashi.Plan",
    "kousei.funahashi.Refit",
    "kousei.funahashi.choose_parameters",
    "kousei.funahashi.fourier_series",
    "kousei.funahashi.from_frequencies",
    "kousei.funahashi.hyperbolic_cross",
    "kousei.funahashi.parity",
    "kousei.funahashi.quadrature_bound",
    "kousei.funahashi.ridge_directions",
    "kousei.funahashi.sample_points",
    "kousei.funahashi.variable_projection",
    "kousei.RBM.convert",
    "kousei.RBM.fit",
    "kousei.RBM.fit_transform",
    "kousei.RBM.free_energy",
    "kousei.RBM.from_weights",
    "kousei.RBM.get_params",
    "kousei.RBM.gibbs",
    "kousei.RBM.load",
    "kousei.RBM.partial_fit",
    "kousei.RBM.sample_hidden",
    "kousei.RBM.sample_visible",
    "kousei.RBM.save",
    "kousei.RBM.score_samples",
    "kousei.RBM.set_params",
    "kousei.RBM.transform",
    "kousei.rbm.Conversion",
    "kousei.recommend.CTRModel.fit",
    "kousei.recommend.CTRModel.predict",
    "kousei.recommend.CosineRecommender.recommend",
    "kousei.recommend.DeliveryOptimizer.load",
    "kousei.recommend.DeliveryOptimizer.save",
    "kousei.recommend.DeliveryOptimizer.shares",
    "kousei.recommend.DeliveryOptimizer.update",
    "kousei.recommend.ItemSimilarity.contributions",
    "kousei.recommend.ItemSimilarity.distances",
    "kousei.recommend.ItemSimilarity.recommend",
    "kousei.recommend.ItemSimilarity.similarity",
    "kousei.recommend.NMFRecommender.recommend",
    "kousei.recommend.PopularRecommender.recommend",
    "kousei.recommend.PreferenceGraph.pagerank",
    "kousei.recommend.RandomRecommender.recommend",
    "kousei.recommend.Reason",
    "kousei.recommend.Recommender.recommend",
    "kousei.recommend.click_table",
    "kousei.recommend.cosine_topk",
    "kousei.recommend.evaluate",
    "kousei.recommend.leave_last_out",
    "kousei.recommend.off_policy",
    "kousei.recommend.preference_pagerank",
    "kousei.recommend.ratings_table",
    "kousei.recommend.reasons",
    "kousei.recommend.recommendation_table",
    "kousei.recommend.shop_features",
    "kousei.recommend.shop_table",
    "kousei.recommend.simulate_clicks",
    "kousei.recommend.synthetic_ratings",
    "kousei.recommend.write_pages",
    "kousei.network.ErrorBound",
    "kousei.repu.PolynomialNetwork.error_bound",
    "kousei.repu.check_range",
    "kousei.repu.from_chebyshev",
    "kousei.repu.from_function",
    "kousei.repu.from_polynomial",
    "kousei.RBM.log_partition",
    "kousei.rbm.LogPartition",
    "kousei.rg.DBN.ascend",
    "kousei.rg.DBN.descend",
    "kousei.rg.DBN.fit",
    "kousei.rg.DBN.receptive_fields",
    "kousei.rg.DBN.reconstruct",
    "kousei.rg.DBN.sample",
    "kousei.rg.Decimation.rbm",
    "kousei.rg.DecimationStack.log_probability",
    "kousei.rg.DecimationStack.sample",
    "kousei.rg.Divergence",
    "kousei.rg.Localization",
    "kousei.rg.block_spin",
    "kousei.rg.decimation_rbm",
    "kousei.rg.decimation_stack",
    "kousei.rg.estimate_coupling",
    "kousei.rg.flow",
    "kousei.rg.kl_divergence",
    "kousei.rg.localization",
    "kousei.rg.rbm_from_ising",
    "kousei.rg.sublattice_rbm",
    "kousei.ridgelet.AdmissiblePair.activation_hat",
    "kousei.ridgelet.AdmissiblePair.kernel_hat",
    "kousei.ridgelet.AdmissiblePair.multiplier",
    "kousei.RidgeletTransform.adjoint",
    "kousei.RidgeletTransform.dual",
    "kousei.RidgeletTransform.dual_adjoint",
    "kousei.RidgeletTransform.dot",
    "kousei.RidgeletTransform.matmat",
    "kousei.RidgeletTransform.matvec",
    "kousei.RidgeletTransform.rmatmat",
    "kousei.RidgeletTransform.rmatvec",
    "kousei.RidgeletTransform.reconstruct",
    "kousei.RidgeletTransform.transform",
    "kousei.RidgeletTransform.truncation_loss",
    "kousei.dual_ridgelet_transform",
    "kousei.ridgelet.Directions",
    "kousei.ridgelet.Spectrum.plot",
    "kousei.ridgelet.admissibility_constant",
    "kousei.ridgelet.ball_directions",
    "kousei.ridgelet_transform",
    "kousei.ridgelet.from_spectrum",
    "kousei.ridgelet.gaussian_mixture_ridgelet",
    "kousei.ridgelet.sample",
    "kousei.ridgelet.single_scale",
    "kousei.ridgelet.single_scale_weights",
    "kousei.ScoreEstimator.anomaly_scores",  # which take what scikit-learn does
    "kousei.ScoreEstimator.fit",
    "kousei.ScoreEstimator.sample",
    "kousei.ScoreEstimator.score",
    "kousei.ScoreEstimator.score_samples",
}


def public_functions() -> Iterator[str]:
    """Every function, callable object and method that the package's modules export, once, by its shortest name."""
    seen = set()
    found = [module.name for module in pkgutil.walk_packages(kousei.__path__, "kousei.")]
    public = [name for name in found if not any(part.startswith("_") for part in name.split("."))]
    modules = [kousei, *map(importlib.import_module, public)]
    exported = {id(getattr(module, name)) for module in modules for name in getattr(module, "__all__", ())}
    for module in modules:
        for name in getattr(module, "__all__", ()):
            member = getattr(module, name)
            if id(member) in seen or inspect.ismodule(member) or not callable(member):
                continue
            seen.add(id(member))
            full = f"{module.__name__}.{name}"
            if not inspect.isclass(member) or issubclass(member, Exception | tuple):
                yield full
                continue
            bases = [base for base in member.__mro__[1:] if base.__module__.startswith("kousei.")]
            of_class = ChainMap(*map(vars, [member, *(base for base in bases if id(base) not in exported)]))
            for method, value in of_class.items():
                shown = method == "__call__" or not method.startswith("_")
                if shown and (callable(value) or isinstance(value, classmethod)):
                    yield f"{full}.{method}"


def test_every_public_name_is_under_contract() -> None:
    pytest.importorskip("torch")  # whose modules kousei.interop.torch has
    known = {name.partition(" ")[0] for name in CONTRACTS} | NO_ARRAYS
    assert set(public_functions()) == known


@pytest.fixture(params=CONTRACTS)
def contract(request: pytest.FixtureRequest) -> Contract:
    return CONTRACTS[request.param]


def points(contract: Contract, batch: tuple[int, ...], dtype: str) -> np.ndarray:
    shape = batch if contract.dim is None else (*batch, contract.dim)
    return np.random.default_rng(7).uniform(-1, 1, shape).astype(dtype)


def laid_out(library: Library, array: np.ndarray, layout: str) -> Any:
    """The same values in another memory layout, of another library; torch knows no negative strides."""
    if array.ndim == 0 or layout == "C":
        return library.asarray(array)
    if layout == "F":
        # The axes in reverse order of memory, with the numbers in place.
        reversed_axes = tuple(range(array.ndim))[::-1]
        return permuted(library, library.asarray(np.ascontiguousarray(array.T)), reversed_axes)
    if layout == "strided":
        return library.asarray(np.repeat(array, 2, axis=0))[::2, ...]
    if library.name.startswith("torch"):
        return library.asarray(np.concatenate([array, array], axis=-1))[..., array.shape[-1] :]
    return library.asarray(np.ascontiguousarray(array[::-1]))[::-1, ...]


def permuted(library: Library, array: Any, axes: tuple[int, ...]) -> Any:
    if library.name.startswith("torch"):
        return array.permute(axes)
    return library.xp.permute_dims(array, axes) if hasattr(library.xp, "permute_dims") else array.transpose(axes)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("batch", BATCHES, ids=str)
def test_array_in_same_array_out(
    library: Library, contract: Contract, dtype: str, batch: tuple[int, ...], layout: str
) -> None:
    x = points(contract, batch, dtype)
    given = laid_out(library, x, layout)
    before = library.numpy(given).copy()

    result = contract.make(given)(given)

    shape = batch if contract.outputs == 1 else (*batch, contract.outputs)
    assert type(result) is type(given)
    assert tuple(result.shape) == shape
    wanted = {"float32": "complex64", "float64": "complex128"}[dtype] if contract.complex_result else dtype
    assert str(result.dtype).endswith(wanted)
    assert np.array_equal(library.numpy(given), before), "the input was written to"
    expected = contract.make(x)(x)
    if library.on_gpu:
        eps = np.finfo(dtype).eps
        np.testing.assert_allclose(library.numpy(result), expected, rtol=200 * eps, atol=200 * eps)
    else:
        assert np.array_equal(library.numpy(result), expected)


@pytest.mark.parametrize("batch", BATCHES, ids=str)
def test_out_is_filled_and_returned(library: Library, contract: Contract, dtype: str, batch: tuple[int, ...]) -> None:
    if not contract.takes_out:
        parameters = inspect.signature(contract.make(np.zeros(1, dtype))).parameters
        assert "out" not in parameters
        return
    x = points(contract, batch, dtype)
    given = library.asarray(x)
    function = contract.make(given)
    expected = library.numpy(function(given))
    out = library.asarray(np.full_like(expected, np.nan))
    if library.name == "numpy:read-only":
        with pytest.raises(ValueError, match="out has shape .* a writeable C-contiguous"):
            function(given, out=out)
        return
    assert function(given, out=out) is out
    assert np.array_equal(library.numpy(out), expected)


def test_out_that_does_not_fit_is_refused(contract: Contract, dtype: str) -> None:
    if not contract.takes_out:
        return
    x = points(contract, (4, 2), dtype)
    function = contract.make(x)
    expected = function(x)
    other = "float32" if dtype == "float64" else "float64"
    bad = [
        np.zeros(expected.shape[1:], dtype),
        np.zeros((*expected.shape, 1), dtype),
        np.zeros(expected.shape, other),
        np.zeros((*expected.shape, 2), dtype)[..., 0],
        np.asfortranarray(np.zeros(expected.shape, dtype)),
    ]
    for out in bad:
        with pytest.raises(ValueError, match=r"out has shape .* accepted"):
            function(x, out=out)
    with pytest.raises(TypeError, match="out was list"):
        function(x, out=expected.tolist())


def test_wrong_dtype_is_refused(library: Library, contract: Contract) -> None:
    x = points(contract, (3,), "float64")
    for bad in ("int64", "bool", "complex128"):
        with pytest.raises(TypeError, match=r"(x|z|s|t|omega) has dtype " + bad):
            contract.make(x)(library.asarray(x.astype(bad)))
    if library.name == "numpy":
        for bad in (">f8", "float16", "longdouble"):
            with pytest.raises(TypeError, match="has dtype"):
                contract.make(x)(x.astype(bad))


@pytest.mark.parametrize("bad", [[0.5], "0.5", None, np.ma.masked_array([0.5], [True])])
def test_what_is_no_array_is_refused(contract: Contract, bad: Any) -> None:
    with pytest.raises(TypeError, match=r"(x|z|s|t|omega) (was|is masked)"):
        contract.make(np.zeros(1))(bad)


def test_wrong_shape_is_refused(contract: Contract, dtype: str) -> None:
    if contract.dim is None:
        return
    function = contract.make(np.zeros(1, dtype))
    for shape in [(), (contract.dim + 1,), (4, contract.dim - 1), (contract.dim, 4)]:
        if shape and shape[-1] == contract.dim:
            continue
        with pytest.raises(ValueError, match=rf"x has shape .*; \(\.\.\., {contract.dim}\) is accepted"):
            function(np.zeros(shape, dtype))


def test_mixed_dtypes_are_refused(contract: Contract, dtype: str) -> None:
    if contract.dim is None or contract.any_dtype:
        return
    other = "float32" if dtype == "float64" else "float64"
    with pytest.raises(TypeError, match=f"x has dtype {other} and the network {dtype}"):
        contract.make(np.zeros(1, dtype))(points(contract, (3,), other))
