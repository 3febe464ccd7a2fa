"""Piecewise-linear functions on regular grids cut into simplices, of coordinates in cells, as networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from kousei.activation import relu
from kousei.network import MLP

Array = np.ndarray[Any, Any]


def two(values: Array) -> MLP:
    """Return the network of a grid of two dimensions: two hidden layers, of the lines and of the nodes.

    max(0, u) - min(0, u) is (|u_1| + |u_2| + |u_1 - u_2|)/2, whose terms belong to lines of the grid, and nodes share
    them: at node (i, j) it is r_i + s_j + q_{i-j} - z_1 + i, r_i = max(z_1 - i, 0), s_j = max(z_2 - j, 0) and q_d =
    max(z_1 - z_2 - d, 0).
    """
    n, m = np.subtract(values.shape, 1)
    across = [(1, -1, d) for d in range(1 - m, n)]
    lines = np.array([(1, 0, i) for i in range(n)] + [(0, 1, j) for j in range(m)] + across, float)
    i, j = (index.ravel() for index in np.indices(values.shape))
    rows = np.arange(len(i))
    weight = np.zeros((len(i), len(lines)))
    weight[:, 0] = 1
    bias = 1.0 - i
    # On the box the last lines are 0, and the first difference is z_1 - z_2 + m.
    weight[rows[i < n], i[i < n]] -= 1
    weight[rows[j < m], n + j[j < m]] -= 1
    inner = (i - j < n) & (i - j > -m)
    weight[rows[inner], n + m + (i - j + m - 1)[inner]] -= 1
    first = i - j == -m
    weight[first, 0] -= 1
    weight[first, n] += 1
    bias[first] -= m
    base = values.flat[0]
    used = values.ravel() != base
    return MLP(
        [lines[:, :2], weight[used], (values.ravel() - base)[None, used]],
        [-lines[:, 2], bias[used], np.array([base])],
        [relu, relu],
    )


def three(values: Array) -> MLP:
    """Return the network of a grid of three dimensions: three hidden layers, of planes, of order, and of nodes.

    At node (i, j, k), with q = max(z_1 - z_2 - i + j, 0) and r = max(z_3 - k, 0) of planes that nodes share, max(0,
    u) is r + max(z_2 - j + q - r, 0) and min(0, u) is z_3 - k - r - max(z_3 - k - r - z_1 + i + q, 0).
    """
    from scipy.sparse import csr_array, eye_array, hstack  # here: it takes longer to import than this package

    n, m, p = np.subtract(values.shape, 1)
    planes = np.array(
        [(1, 0, 0, 0), (0, 1, 0, 0)] + [(0, 0, 1, k) for k in range(p)] + [(1, -1, 0, d) for d in range(1 - m, n)],
        float,
    )
    i, j, k = (index.ravel() for index in np.indices(values.shape))
    base = values.flat[0]
    used = values.ravel() != base
    i, j, k = i[used], j[used], k[used]
    # Columns: z_1, z_2, then r from 2 on, whose first is z_3, then q.
    count = len(i)
    z1, z2, z3 = (np.eye(len(planes))[axis] for axis in range(3))
    r = np.zeros((count, len(planes)))
    r[k < p, 2 + k[k < p]] = 1
    q, q_bias = np.zeros((count, len(planes))), np.zeros(count)
    inner, first = (i - j < n) & (i - j > -m), i - j == -m
    q[inner, 2 + p + (i - j + m - 1)[inner]] = 1
    q[first] = z1 - z2
    q_bias[first] = m
    carried = np.zeros((p, len(planes)))
    carried[range(p), 2 + np.arange(p)] = 1
    weight = np.concatenate([z2 + q - r, z3 - r - z1 + q, carried])
    bias = np.concatenate([q_bias - j, q_bias + i - k, np.zeros(p)])
    # 1 + min - max is 1 + z_3 - k - 2 r less the two units of the node.
    rest = np.zeros((count, p))
    rest[:, 0] = 1
    rest[k < p, k[k < p]] -= 2
    nodes: Any = hstack([-eye_array(count), -eye_array(count), csr_array(rest)], format="csr")
    return MLP(
        [
            csr_array(planes[:, :3]),
            csr_array(weight),
            nodes,
            csr_array((values.ravel()[used] - base)[None]),
        ],
        [-planes[:, 3], bias, 1.0 - k, np.array([base])],
        [relu, relu, relu],
    )
