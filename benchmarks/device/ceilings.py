"""What the device allows, measured: bytes copied, multiply-adds, products, and activations without any memory."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from string import Template
from typing import Any

import cupy
import numpy as np

#: activation(z) as the kernels compute it, from an argument that is already scaled; and 1/z.
FORMULAS = {
    "logistic float32 full": """
        asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(z) : "f"(z));
        z += 1;
        asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(z) : "f"(z));
        return z;""",
    "logistic float32 fast": 'asm("tanh.approx.f32 %0, %1;" : "=f"(z) : "f"(z)); return 0.5f * z + 0.5f;',
    "logistic float64 full": "return 1 / (1 + exp2(z));",
    "tanh float32 full": "return tanh(z);",
    "tanh float32 fast": 'asm("tanh.approx.f32 %0, %1;" : "=f"(z) : "f"(z)); return z;',
    "tanh float64 full": "return tanh(z);",
    "erf float32 full": "return erf(z);",
    "erf float64 full": "return erf(z);",
    "arctan float32 full": "return atan(z);",
    "arctan float64 full": "return atan(z);",
    "quotient float32 full": 'asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(z) : "f"(z)); return z;',
    "quotient float64 full": "return 1 / z;",
    # He_4(z) e^(-z^2/2), the ridgelet of ReLU in two dimensions.
    "hermite float32 full": """
        Real square = z * z, power;
        asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(-0.72134752f * square));
        return ((square - 6) * square + 3) * power;""",
    "hermite float64 full": "z *= z; return ((z - 6) * z + 3) * exp2(-0.72134752044448170368 * z);",
    "relu float32 full": "return z < 0 ? 0 : z;",
    "relu float64 full": "return z < 0 ? 0 : z;",
}
#: One hidden unit of one dimension, one multiply-add for the argument and one for the sum.
UNIT = "z[k] += step; sum[k] += step * activation(z[k]);"
MULTIPLY_ADD = "sum[k] = sum[k] * step + z[k];"

BLOCK, CHAINS, STEPS = 128, 4, 4096
#: Independent chains in registers.
SOURCE = Template("""
using Real = $real;

__device__ inline Real activation(Real z) {
    $formula
}

extern "C" __global__ void __launch_bounds__($block) chains(Real step, Real* out) {
    Real z[$chains], sum[$chains];
    for (int k = 0; k < $chains; ++k) {
        z[k] = Real(-8) + k * step;
        sum[k] = threadIdx.x;
    }
    for (int i = 0; i < $steps; ++i) {
#pragma unroll
        for (int k = 0; k < $chains; ++k) {
            $body
        }
    }
    Real total = 0;
    for (int k = 0; k < $chains; ++k) total += sum[k];
    out[blockIdx.x * $block + threadIdx.x] = total;
}
""")


def measure() -> dict[str, float]:
    """Return the rates by name, in one of their kind per second."""
    return {
        "copied bytes": _copied_bytes(),
        "multiply-add float32": _chain_rate("float32", MULTIPLY_ADD),
        "multiply-add float64": _chain_rate("float64", MULTIPLY_ADD),
        "product float16": _product_rate("float16"),
        **{name: _chain_rate(name.split()[1], UNIT, formula) for name, formula in FORMULAS.items()},
    }


def seconds(run: Callable[[], Any]) -> float:
    """Return the median time of a run on the current stream, by events."""
    run()
    # Several runs between two events hide what it takes to launch them.
    together = max(1, round(5e-3 / _time(run, 1)))
    return median(_time(run, together) for _ in range(11))


def replayed_seconds(prepare: Callable[[], Callable[[], Any]]) -> float:
    """Return the median time of a run without what it takes to launch it: of a CUDA graph of several.

    It is prepared on the stream that is recorded, since what is prepared may hold the current one.
    """
    together = 20
    with cupy.cuda.Stream(non_blocking=True) as stream:
        run = prepare()
        run()
        stream.begin_capture()
        outputs = [run() for _ in range(together)]  # kept, as their memory is written to again
        graph = stream.end_capture()
        time = seconds(lambda: graph.launch(stream)) / together
    del outputs
    return time


def _time(run: Callable[[], Any], together: int) -> float:
    start, stop = cupy.cuda.Event(), cupy.cuda.Event()
    start.record()
    for _ in range(together):
        run()
    stop.record()
    stop.synchronize()
    return float(cupy.cuda.get_elapsed_time(start, stop)) / 1e3 / together


def _copied_bytes() -> float:
    source = cupy.ones(1 << 28, cupy.float32)
    target = cupy.empty_like(source)
    return 2 * int(source.nbytes) / seconds(lambda: cupy.copyto(target, source))


def _product_rate(dtype: str) -> float:
    """Return the multiply-adds of cuBLAS, of numbers that are not zeros."""
    size = 8192
    left, right = (cupy.random.standard_normal((size, size), cupy.float32).astype(dtype) for _ in range(2))
    out = cupy.empty_like(left)
    return size**3 / seconds(lambda: cupy.matmul(left, right, out=out))


def chain_source(dtype: str, body: str, formula: str = "return z;") -> str:
    real = {"float32": "float", "float64": "double"}[dtype]
    return SOURCE.substitute(real=real, formula=formula, block=BLOCK, chains=CHAINS, steps=STEPS, body=body)


def _chain_rate(dtype: str, body: str, formula: str = "return z;") -> float:
    kernel = cupy.RawKernel(chain_source(dtype, body, formula), "chains")
    blocks = 32 * int(cupy.cuda.Device().attributes["MultiProcessorCount"])
    out = cupy.empty(blocks * BLOCK, dtype)
    step = np.dtype(dtype).type(16 / STEPS)
    return blocks * BLOCK * CHAINS * STEPS / seconds(lambda: kernel((blocks,), (BLOCK,), (step, out)))
