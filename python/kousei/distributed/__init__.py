"""More than one machine: networks evaluated, and sets explained, by the workers of a Dask cluster."""

from kousei.distributed.attribution import owen_values
from kousei.distributed.evaluation import evaluate

__all__ = ["evaluate", "owen_values"]
