"""More than one machine: networks and Ising chains on the workers of a Dask cluster."""

from kousei.distributed.evaluation import evaluate
from kousei.distributed.sampling import sample

__all__ = ["evaluate", "sample"]
