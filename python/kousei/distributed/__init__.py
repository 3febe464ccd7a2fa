"""More than one machine: networks evaluated and machines trained by the workers of a Dask cluster."""

from kousei.distributed.evaluation import evaluate
from kousei.distributed.training import partial_fit

__all__ = ["evaluate", "partial_fit"]
