"""More than one machine: what networks, transforms, chains, machines and recommenders do, by the workers of Dask."""

from kousei.distributed.attribution import owen_values
from kousei.distributed.cosines import cosine_topk
from kousei.distributed.evaluation import evaluate
from kousei.distributed.pagerank import preference_pagerank
from kousei.distributed.sampling import sample
from kousei.distributed.training import partial_fit
from kousei.distributed.transforms import adjoint, dual, transform

__all__ = [
    "adjoint",
    "cosine_topk",
    "dual",
    "evaluate",
    "owen_values",
    "partial_fit",
    "preference_pagerank",
    "sample",
    "transform",
]
