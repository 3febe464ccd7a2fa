"""Dask clusters of worker processes on this machine."""

import os
from typing import Any

import kousei


def local_cluster(workers: int) -> Any:
    """Return a LocalCluster of workers with one thread each, which import kousei from where this process does."""
    import distributed

    home = os.path.dirname(os.path.dirname(kousei.__file__))
    path = os.pathsep.join([home, os.environ.get("PYTHONPATH", "")])
    return distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        env={"PYTHONPATH": path, "KOUSEI_NUM_THREADS": "1"},
    )


def in_this_process() -> Any:
    """Return a LocalCluster of one worker, a thread of this process."""
    import distributed

    at = {"host": "127.0.0.1", "protocol": "tcp", "dashboard_address": "127.0.0.1:0"}
    return distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, **at)
