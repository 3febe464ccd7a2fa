"""More than one machine: networks evaluated by the workers of a Dask cluster."""

from kousei.distributed.evaluation import evaluate

__all__ = ["evaluate"]
