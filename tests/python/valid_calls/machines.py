"""Valid calls of spins and Boltzmann machines."""

from collections.abc import Callable
from functools import cache

import numpy as np

import kousei
from kousei import (
    ising,
    rbm,
    rg,
)
from valid_calls.common import POINTS, Call


@cache
def machine() -> rbm.RBM:
    return kousei.RBM.from_weights([[1.0], [-1.0]])


def untrained() -> rbm.RBM:
    return kousei.RBM(2, 1, rng=0)


@cache
def lattice() -> ising.Lattice:
    return ising.Lattice((4, 4), 0.4)


@cache
def spins() -> ising.Spins:
    return lattice().sample(chains=8, sweeps=4, burn_in=0, rng=0)


def dbn() -> rg.DBN:
    return rg.DBN([kousei.RBM(4, 2, rng=0), kousei.RBM(2, 1, rng=0)])


@cache
def stack() -> rg.DecimationStack:
    return rg.decimation_stack(4, 0.4, 1)


@cache
def of_finite_weights() -> rg.Decimation:
    return rg.decimation_rbm(0.4, 20.0, tol=1.0)


PARAMETERS = kousei.RBM(2, 1, rng=0).get_params()
TRAINED = PARAMETERS.keys() - {"visible", "hidden", "units"}
SPINS = np.array([[1, 1], [1, -1]])
FOUR = np.ones((2, 4))
FIELD = np.ones((3, 4, 4), np.int8)
CALLS: dict[str, Callable[[], Call]] = {
    "kousei.RBM.convert": lambda: (machine().convert, {"units": "binary"}),
    "kousei.RBM.fit": lambda: (untrained().fit, {"X": SPINS, "epochs": 1}),
    "kousei.RBM.fit_transform": lambda: (untrained().fit_transform, {"X": SPINS, "epochs": 1, "progress": False}),
    "kousei.RBM.free_energy": lambda: (machine().free_energy, {"v": SPINS}),
    "kousei.RBM.from_weights": lambda: (
        kousei.RBM.from_weights,
        {"weights": [[1.0], [-1.0]]} | {name: value for name, value in PARAMETERS.items() if name in TRAINED},
    ),
    "kousei.RBM.get_params": lambda: (machine().get_params, {}),
    "kousei.RBM.gibbs": lambda: (machine().gibbs, {"v": SPINS}),
    "kousei.RBM.load": lambda: (kousei.RBM.load, {"path": machine_file()}),
    "kousei.RBM.log_partition": lambda: (machine().log_partition, {"chains": 2, "tol": 1.0}),
    "kousei.RBM.partial_fit": lambda: (untrained().partial_fit, {"X": SPINS}),
    "kousei.RBM.sample_hidden": lambda: (machine().sample_hidden, {"v": SPINS}),
    "kousei.RBM.sample_visible": lambda: (machine().sample_visible, {"h": np.ones((1, 1))}),
    "kousei.RBM.save": lambda: (machine().save, {"path": "machine.h5"}),
    "kousei.RBM.score_samples": lambda: (machine().score_samples, {"X": SPINS}),
    "kousei.RBM.set_params": lambda: (untrained().set_params, PARAMETERS),
    "kousei.RBM.transform": lambda: (machine().transform, {"X": SPINS}),
    "kousei.ising.Lattice.sample": lambda: (lattice().sample, {"chains": 1, "sweeps": 1, "burn_in": 0}),
    "kousei.ising.Spins.configurations": lambda: (spins().configurations, {}),
    "kousei.ising.Spins.like": lambda: (spins().like, POINTS),
    "kousei.ising.Spins.matmul": lambda: (spins().matmul, {"x": np.ones(16)}),
    "kousei.ising.exact": lambda: (ising.exact, {"shape": (2, 2), "coupling": 0.4}),
    "kousei.ising.infinite": lambda: (ising.infinite, {"coupling": 0.4}),
    "kousei.ising.observables": lambda: (ising.observables, {"spins": spins()}),
    "kousei.rg.DBN.ascend": lambda: (dbn().ascend, {"X": FOUR, "layers": 1}),
    "kousei.rg.DBN.descend": lambda: (dbn().descend, {"h": FOUR[:, :1], "layers": 2}),
    "kousei.rg.DBN.fit": lambda: (dbn().fit, {"X": FOUR, "epochs": 1}),
    "kousei.rg.DBN.reconstruct": lambda: (dbn().reconstruct, {"X": FOUR, "layers": 1}),
    "kousei.rg.DBN.sample": lambda: (dbn().sample, {"n": 1, "sweeps": 1}),
    "kousei.rg.Decimation.rbm": lambda: (of_finite_weights().rbm, {"sites": 4}),
    "kousei.rg.DecimationStack.log_probability": lambda: (stack().log_probability, {"spins": FOUR}),
    "kousei.rg.DecimationStack.sample": lambda: (stack().sample, {"n": 1}),
    "kousei.rg.block_spin": lambda: (rg.block_spin, {"spins": FIELD}),
    "kousei.rg.decimation_rbm": lambda: (rg.decimation_rbm, {"coupling": 0.4}),
    "kousei.rg.decimation_stack": lambda: (rg.decimation_stack, {"sites": 4, "coupling": 0.4, "depth": 1}),
    "kousei.rg.estimate_coupling": lambda: (rg.estimate_coupling, {"spins": spins()}),
    "kousei.rg.flow": lambda: (rg.flow, {"spins": lattice_of_8(), "steps": 1}),
    "kousei.rg.kl_divergence": lambda: (rg.kl_divergence, {"p": machine(), "q": machine()}),
    "kousei.rg.localization": lambda: (rg.localization, {"fields": np.ones((16, 2)), "shape": (4, 4), "box": 3}),
    "kousei.rg.rbm_from_ising": lambda: (rg.rbm_from_ising, {"graph": lattice()}),
    "kousei.rg.sublattice_rbm": lambda: (rg.sublattice_rbm, {"shape": (4, 4), "coupling": 0.4}),
}


def machine_file() -> str:
    machine().save("valid.h5")
    return "valid.h5"


@cache
def lattice_of_8() -> ising.Spins:
    return ising.Lattice((8, 8), 0.4).sample(chains=8, sweeps=20, thin=5, burn_in=0, rng=0)
