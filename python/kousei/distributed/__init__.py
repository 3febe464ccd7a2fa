"""More than one machine: networks and transforms computed by the workers of a Dask cluster."""

from kousei.distributed.evaluation import evaluate
from kousei.distributed.transforms import adjoint, dual, transform

__all__ = ["adjoint", "dual", "evaluate", "transform"]
