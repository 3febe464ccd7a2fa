"""What every constructor made of a problem."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, overload

import numpy as np

from kousei._lib import arrays
from kousei._lib.errors import check_type

Array = np.ndarray[Any, Any]


class Attempt(NamedTuple):
    """What one constructor made of a problem, see `Report`.

    Parameters
    ----------
    name : str
        The constructor.
    units : int or None
        Hidden units of its network; None where it made none.
    error : float or None
        Bound on the error of its network, estimated as that of `ConstructedNetwork.error_bound`.
    seconds : float
        That it took.
    evaluations : int
        Points at which it and its check evaluated the function; those that are held out are with the first network.
    chosen : bool
        Whether its network is the one that is returned.
    why : str
        Why that is so.
    """

    name: str
    units: int | None
    error: float | None
    seconds: float
    evaluations: int
    chosen: bool
    why: str


class Report(Sequence[Attempt]):
    """The constructors that were tried, in their order; printed, it is a table.

    Parameters
    ----------
    attempts : sequence of Attempt
        What they made.
    points, errors : array (n, dim), (n,), optional
        Where the network that was chosen was held against the function, and how far it was off there.
    """

    points: Array | None
    errors: Array | None

    def __init__(self, attempts: Sequence[Attempt], points: Array | None = None, errors: Array | None = None) -> None:
        check_type("attempts", attempts, Iterable, "a sequence of kousei.front.Attempt")
        self._attempts = tuple(attempts)
        for i, attempt in enumerate(self._attempts):
            check_type(f"attempts[{i}]", attempt, Attempt, "a kousei.front.Attempt")
        if (points is None) != (errors is None):
            raise ValueError("points or errors was None, and not the other; both, or neither, are accepted")
        self.points, self.errors = points, errors
        if points is not None:
            self.points, self.errors = arrays.real_numbers("points", points), arrays.real_numbers("errors", errors)
            if self.points.ndim != 2 or self.errors.shape != self.points.shape[:1]:
                raise ValueError(
                    f"points has shape {self.points.shape} and errors {self.errors.shape}; (n, dim) and (n,) are "
                    "accepted"
                )

    @overload
    def __getitem__(self, index: int) -> Attempt: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Attempt]: ...
    def __getitem__(self, index: int | slice) -> Attempt | Sequence[Attempt]:
        return self._attempts[index]

    def __len__(self) -> int:
        return len(self._attempts)

    @property
    def chosen(self) -> Attempt | None:
        """The attempt whose network was chosen; None where no one was."""
        return next((attempt for attempt in self if attempt.chosen), None)

    def __repr__(self) -> str:
        best = self.chosen
        return f"Report({len(self)} attempts, chosen: {best.name if best else 'none'})"

    def __str__(self) -> str:
        width = max([len(attempt.name) for attempt in self], default=0)
        lines = [f"  {'constructor':<{width}} {'units':>7} {'error':>8} {'seconds':>8} {'f(x)':>8}  why"]
        for name, units, error, seconds, evaluations, chosen, why in self:
            lines.append(
                f"{'* ' if chosen else '  '}{name:<{width}} {'-' if units is None else units:>7} "
                f"{'-' if error is None else format(error, '.1e'):>8} {seconds:>8.2f} {evaluations:>8}  {why}"
            )
        return "\n".join(lines)

    def draw(self, ax: Any = None) -> Any:
        """Draw how far the network is off, at the points where it was held against the function.

        Of one variable against it, of two as a map, of more as a map over the first two, the largest last.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to; a new figure by default.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is no network.

        Examples
        --------
        >>> import numpy as np
        >>> import kousei
        >>> net = kousei.construct(lambda x: np.exp(x[:, 0]), [(0, 1)], 1e-4)
        >>> ax = net.report.draw()
        >>> ax.get_xlabel()
        'x_1'
        """
        if self.points is None or self.errors is None:
            raise ValueError("no network was constructed; a report of one is accepted")
        import matplotlib.pyplot as plt
        from matplotlib.axes import Axes

        check_type("ax", ax, Axes | None, "matplotlib.axes.Axes")
        if ax is None:
            ax = plt.subplots()[1]
        least = max(float(self.errors.max()), 1e-300) * 1e-4
        order = np.argsort(self.points[:, 0] if self.points.shape[1] == 1 else self.errors)
        points, errors = self.points[order], np.maximum(self.errors[order], least)
        ax.set_xlabel("x_1")
        if points.shape[1] == 1:
            ax.semilogy(points[:, 0], errors, lw=0.8)
            ax.set_ylabel("error")
            return ax
        shown = ax.scatter(*points[:, :2].T, c=np.log10(errors), s=4, lw=0)
        ax.figure.colorbar(shown, ax=ax, label="log10 of the error")
        ax.set_ylabel("x_2")
        return ax
