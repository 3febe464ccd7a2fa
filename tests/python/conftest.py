"""Fixtures."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

import kousei
from clusters import local_cluster
from support import Library, libraries

settings.register_profile("default", max_examples=200, deadline=None)
settings.register_profile("nightly", max_examples=10_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_configure() -> None:
    # Workers of pytest-xdist inherit it. With as many BLAS threads as cores in each they wait for one another.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(params=libraries())
def library(request: pytest.FixtureRequest) -> Library:
    return Library(request.param)


@pytest.fixture(params=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["logistic", "tanh", "erf", "arctan", "relu", "gelu", "silu", "softplus"])
def activation(request: pytest.FixtureRequest) -> kousei.Activation:
    return kousei.Activation(request.param)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261124)


@pytest.fixture
def threads_restored() -> Iterator[None]:
    """Leaves as many threads as there were."""
    count = kousei.num_threads()
    yield
    kousei.set_num_threads(count)


@pytest.fixture(scope="module")
def one_thread_of_torch() -> Iterator[None]:
    """For small tensors, where threads would wait for one another."""
    torch = pytest.importorskip("torch")
    count = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(count)


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """A client of two worker processes of Dask."""
    distributed = pytest.importorskip("distributed")
    with local_cluster(2) as cluster, distributed.Client(cluster) as client:
        client.wait_for_workers(2)
        yield client
