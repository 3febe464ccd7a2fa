"""More than one machine: networks, chains, machines, sets explained and ratings, by the workers of a Dask cluster."""

from kousei.distributed.attribution import owen_values
from kousei.distributed.cosines import cosine_topk
from kousei.distributed.evaluation import evaluate
from kousei.distributed.pagerank import preference_pagerank
from kousei.distributed.sampling import sample
from kousei.distributed.training import partial_fit

__all__ = ["cosine_topk", "evaluate", "owen_values", "partial_fit", "preference_pagerank", "sample"]
