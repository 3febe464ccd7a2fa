"""Means over Markov chains, with errors that know that samples of a chain are not independent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from kousei._lib.errors import warn

Array = np.ndarray[Any, Any]

#: A window that takes up more of the chains than this is not trusted: the error is that of the chains' means.
_MOST_OF_CHAIN = 0.1
#: Chains whose means have a spread worth the name.
_FEWEST_CHAINS = 8


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error.

    Attributes
    ----------
    value : float
        The estimate.
    error : float
        Its standard error, autocorrelation included.
    autocorrelation_time : float
        Integrated, in samples: a mean of n samples is as good as one of n / (2 autocorrelation_time) that are
        independent. 1/2 where they are, and never less.
    """

    value: float
    error: float
    autocorrelation_time: float


def estimate(value: float, terms: Array, slopes: Array, short: list[tuple[float, int]]) -> Estimate:
    """Return a function of means as an estimate.

    Parameters
    ----------
    value : float
        The function at the means.
    terms : array (k, samples, chains)
        What was averaged.
    slopes : array (k,)
        The derivatives of the function by the means: a small change of it is that of the mean of slopes . terms.
    short : list
        The time and the window of the autocorrelation are added to it where chains are too short for them.

    Returns
    -------
    Estimate
    """
    series = np.einsum("k,k...->...", slopes, terms)  # BLAS would wake its threads for it
    series -= series.mean()
    variance = float(np.mean(series * series))
    samples, chains = series.shape
    # What rounding leaves of terms that do not vary is no spread.
    if variance <= (1e-13 * np.abs(slopes) @ np.abs(terms).max(axis=(1, 2))) ** 2:
        return Estimate(value, 0.0, 0.5)
    time, window = autocorrelation(series)
    if window > _MOST_OF_CHAIN * samples and chains < _FEWEST_CHAINS:
        short.append((time, window))
    elif window > _MOST_OF_CHAIN * samples:
        means = series.mean(axis=0)
        spread = float(means @ means) / (chains - 1)
        time = max(0.5, samples * spread / (2 * variance))
        return Estimate(value, math.sqrt(spread / chains), time)
    return Estimate(value, math.sqrt(2 * time * variance / series.size), time)


def warn_if_short(name: str, short: list[tuple[float, int]], shape: tuple[int, int]) -> None:
    """Warn where chains of an argument, (samples, chains), were too short for some estimates: see `estimate`."""
    if short:
        time, window = max(short)
        warn(
            f"{name} has {shape[0]} samples of {shape[1]} chains, few for an autocorrelation time of {time:.2g}: "
            f"errors are uncertain; {_FEWEST_CHAINS} chains are enough, or "
            f"{math.ceil(window / _MOST_OF_CHAIN)} samples"
        )


def autocorrelation(series: Array) -> tuple[float, int]:
    """Return the integrated autocorrelation time of chains (samples, chains) of mean 0, and its window.

    The window of the sum is where the statistical error and what is left out, exp(-window / time), are together
    smallest (U. Wolff, hep-lat/0306017, section 3.3, with S = 1.5); the bias of the mean is corrected (equation 49).
    """
    samples, chains = series.shape
    size = 1 << (2 * samples - 1).bit_length()
    power = np.abs(np.fft.rfft(series, size, axis=0)) ** 2
    sums = np.fft.irfft(power.sum(axis=1), size)[:samples]
    gamma = sums / (chains * (samples - np.arange(samples)))
    total = 0.5 + np.cumsum(gamma[1:] / gamma[0])
    with np.errstate(divide="ignore"):
        time = np.where(total > 0.5, 1.5 / np.log1p(1 / np.maximum(total - 0.5, 1e-12)), 1e-12)
    lags = np.arange(1, samples)
    beyond = np.flatnonzero(np.exp(-lags / time) < time / np.sqrt(lags * series.size))
    window = int(lags[beyond[0]]) if len(beyond) else max(samples - 1, 0)
    kept = 2 * float(gamma[1 : window + 1].sum()) + gamma[0]
    kept *= 1 + (2 * window + 1) / series.size
    return max(0.5 * float(kept / gamma[0]), 0.5), window
