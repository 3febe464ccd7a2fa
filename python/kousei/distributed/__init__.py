"""More than one machine: networks, transforms, Ising chains and ratings, by the workers of a Dask cluster."""

from kousei.distributed.cosines import cosine_topk
from kousei.distributed.evaluation import evaluate
from kousei.distributed.pagerank import preference_pagerank
from kousei.distributed.sampling import sample
from kousei.distributed.transforms import adjoint, dual, transform

__all__ = ["adjoint", "cosine_topk", "dual", "evaluate", "preference_pagerank", "sample", "transform"]
