"""More than one machine: networks evaluated, and ratings worked on, by the workers of a Dask cluster."""

from kousei.distributed.cosines import cosine_topk
from kousei.distributed.evaluation import evaluate
from kousei.distributed.pagerank import preference_pagerank

__all__ = ["cosine_topk", "evaluate", "preference_pagerank"]
