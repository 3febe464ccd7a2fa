"""More than one machine: networks, machines, Ising chains and ratings worked on by the workers of a Dask cluster."""

from kousei.distributed.cosines import cosine_topk
from kousei.distributed.evaluation import evaluate
from kousei.distributed.pagerank import preference_pagerank
from kousei.distributed.sampling import sample
from kousei.distributed.training import partial_fit

__all__ = ["cosine_topk", "evaluate", "partial_fit", "preference_pagerank", "sample"]
