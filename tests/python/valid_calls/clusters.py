"""Calls of what runs on a cluster, up to where its client is refused, which is after all other arguments."""

import functools
from collections.abc import Callable
from typing import Any

from kousei import distributed
from valid_calls.common import X2, Call
from valid_calls.machines import SPINS, lattice, untrained
from valid_calls.networks import net
from valid_calls.ridgelets import ON_AXIS, VALUES, operator
from valid_calls.sets import GAME
from valid_calls.shops import ratings, sparse

NO_CLIENT: Any = object()


def until_the_client(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that returns where `NO_CLIENT` is refused."""

    @functools.wraps(function)
    def call(**arguments: Any) -> None:
        try:
            function(**arguments)
        except TypeError as error:
            if arguments["client"] is not NO_CLIENT or not str(error).startswith("client was object"):
                raise

    return call


def _call(function: Callable[..., Any], **arguments: Any) -> Call:
    return until_the_client(function), arguments | {"client": NO_CLIENT}


def parts() -> Any:
    import dask.dataframe

    return dask.dataframe.from_pandas(ratings(), npartitions=1)


CALLS: dict[str, Callable[[], Call]] = {
    "kousei.distributed.adjoint": lambda: _call(distributed.adjoint, operator=operator(), spectrum=VALUES),
    "kousei.distributed.cosine_topk": lambda: _call(distributed.cosine_topk, matrix=sparse(), k=1),
    "kousei.distributed.dual": lambda: _call(distributed.dual, operator=operator(), spectrum=VALUES),
    "kousei.distributed.evaluate": lambda: _call(distributed.evaluate, net=net(), x=X2),
    "kousei.distributed.owen_values": lambda: _call(distributed.owen_values, **GAME),
    "kousei.distributed.partial_fit": lambda: _call(distributed.partial_fit, machine=untrained(), X=SPINS),
    "kousei.distributed.preference_pagerank": lambda: _call(distributed.preference_pagerank, ratings=parts()),
    "kousei.distributed.sample": lambda: _call(distributed.sample, lattice=lattice(), chains=1, sweeps=1),
    "kousei.distributed.transform": lambda: _call(distributed.transform, operator=operator(), f=ON_AXIS),
}
