"""A cluster of Dask: checked before work begins, and results in the order in which they were asked for."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from kousei._lib import _core
from kousei._lib.errors import check_type, said
from kousei.attribution import SetFunction

if TYPE_CHECKING:
    from distributed import Client, Future


def check_client(client: Any) -> None:
    """Raise TypeError or ValueError unless a client is connected to workers that have what this process has."""
    from distributed import Client
    from distributed.versions import error_message

    check_type("client", client, Client, "a distributed.Client")
    if client.status != "running" or client.asynchronous:
        state = "asynchronous" if client.asynchronous else client.status
        raise ValueError(f"client was {state}; a synchronous one that is connected to its scheduler is accepted")
    with loss_named(client):
        versions = client.get_versions()
        answers = client.run(_version_there(), on_error="return")
    # An OSError is of a worker that is lost meanwhile.
    versions_there = {worker: answer for worker, answer in answers.items() if not isinstance(answer, OSError)}
    if not versions_there:
        raise ValueError("client has no workers; at least one is accepted")
    table = error_message(versions["scheduler"], versions["workers"], versions["client"])["warning"]
    if table:
        raise ValueError(f"client is of other versions than its scheduler or its workers. {table}")
    wrong = {worker: version for worker, version in versions_there.items() if version != _core.__version__}
    if wrong:
        shown = (f"{its if isinstance(its, str) else 'none'} on {worker}" for worker, its in wrong.items())
        named = ", ".join(shown)
        raise ValueError(f"client has workers with another kousei than {_core.__version__}, which is here: {named}")


def _version_there() -> Callable[[], str | None]:
    """Return what tells the version of kousei on a worker, None where it cannot be imported."""

    def version() -> str | None:  # within a function, so that its text is sent: a worker may not have this module
        try:
            from kousei._lib import _core
        except (ImportError, OSError):  # or a library that it is linked to
            return None
        return _core.__version__

    return version


@contextmanager
def loss_named(client: Client) -> Iterator[None]:
    """Raise ConnectionError in place of what Dask raises once the scheduler, or what it was asked for, is gone."""
    from distributed.comm import CommClosedError

    address = client.scheduler.address if client.scheduler else "an unknown address"
    try:
        yield
    except (CancelledError, CommClosedError) as error:
        lost = f"the scheduler at {address}, or a task that it had, was lost before all values were there"
        raise ConnectionError(lost) from error


def sent(client: Client, name: str, value: Any) -> Future[Any]:
    """Return an argument as the workers have it.

    A task makes it of its pickle, which the scheduler keeps: it can be made again when a worker is lost.
    `pickled` says what it raises.
    """
    import cloudpickle

    return _submitted(client, cloudpickle.loads, pickled(name, value), key=f"{name}-{uuid4().hex}")


def _submitted(client: Client, function: Callable[..., Any], *arguments: Any, **named: Any) -> Future[Any]:
    """Return a task. Its arguments go over once, and may be large: Dask would warn of more than 10 MB."""
    import dask
    from distributed.comm import CommClosedError

    with loss_named(client), dask.config.set({"distributed.admin.large-graph-warning-threshold": 2**62}):
        try:
            return client.submit(function, *arguments, **named)
        except Exception as error:  # of no class of its own in some releases of Dask
            if client.status != "closed":
                raise
            raise CommClosedError("the client was closed") from error


def pickled(name: str, value: Any) -> bytes:
    """Return the pickle of an argument.

    Raises
    ------
    TypeError
        If it cannot be pickled; a function of an activation, and a variable of a function, that cannot be are named.
    """
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps(value))
    except Exception as error:  # whatever the object raises
        raise TypeError(f"{name} cannot be sent to workers{_culprit(value)}: {said(error)}") from error


def _culprit(value: Any) -> str:
    import cloudpickle

    for named, part in _parts(value):
        try:
            cloudpickle.dumps(part)
        except Exception:
            return f", for {named}"
    return ""


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what of a network, a function or a function of sets may be a function, or a variable, of the user's."""
    if isinstance(value, SetFunction):
        for part in vars(value).values():
            yield from _parts(part)
    for activation in getattr(value, "activations", ()):
        yield f"the function of its activation {activation.name!r}", activation
    if inspect.isfunction(value):
        variables = inspect.getclosurevars(value)
        for variable, its in {**variables.globals, **variables.nonlocals}.items():
            yield f"its variable {variable!r}", its


def in_order(client: Client, function: Callable[..., Any], calls: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
    """Yield what a function returns on workers for each call, in the order of the calls.

    As many are there at a time as `_at_once` says: so many results, and no more, wait.
    """
    at_once = _at_once(client)
    waiting: deque[Future[Any]] = deque()
    try:
        with loss_named(client):
            for call in calls:
                waiting.append(_submitted(client, function, *call, pure=False))
                if len(waiting) >= at_once:
                    yield from _first(client, waiting)
            while waiting:
                yield from _first(client, waiting)
    finally:
        _cancel(client, list(waiting))


def _cancel(client: Client, futures: list[Future[Any]]) -> None:
    """Take back what was asked for, by one message; a client that has lost its scheduler has nothing left."""
    if futures and client.status == "running":
        client.cancel(futures)


def _first(client: Client, waiting: deque[Future[Any]]) -> list[Any]:
    """Return the result of the first, with those after it that are there then: one message costs less than many.

    Of several errors Dask would raise any; here the first one is alone.
    """
    from distributed import wait

    wait(waiting[0])
    done = list(takewhile(lambda future: future.status == "finished", waiting)) or [waiting[0]]
    results: list[Any] = client.gather(done)
    for _ in done:
        waiting.popleft()
    return results


def in_steps(
    client: Client, function: Callable[..., Any], states: Iterable[Any], steps: Sequence[tuple[Any, ...]]
) -> Iterator[tuple[int, int, Any]]:
    """Yield which state, which step, and the result, where a function returns a state after a step and a result.

    It is called on workers with each state, as the one before left it, and each step. States are here in between, so
    that a lost worker costs the steps that it was at. As many are on the way as there are tasks in `in_order`.
    """
    coming = enumerate(states)
    waiting: deque[tuple[int, int, Future[Any]]] = deque()

    def submit(number: int, step: int, state: Any) -> None:
        waiting.append((number, step, _submitted(client, function, state, *steps[step], pure=False)))

    try:
        with loss_named(client):
            for number, state in islice(coming, _at_once(client)):
                submit(number, 0, state)
            while waiting:
                number, step, future = waiting.popleft()
                state, result = future.result()
                if step + 1 < len(steps):
                    submit(number, step + 1, state)
                else:
                    for following, state in islice(coming, 1):
                        submit(following, 0, state)
                yield number, step, result
    finally:
        _cancel(client, [future for *_, future in waiting])


def _at_once(client: Client) -> int:
    """Return how many tasks are there: with two for each thread, the others would wait for a thread that is slow."""
    return 4 * sum(client.nthreads().values()) + 2
