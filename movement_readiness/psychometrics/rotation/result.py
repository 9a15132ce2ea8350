"""`Rotation`: rotated loadings with everything that belongs to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.results import counted, html_table, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Rotation"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rotation:
    """Rotated loadings with everything that belongs to them; made by `rotate`.

    Attributes
    ----------
    method : str
    oblique, normalized : bool
        Whether factors may correlate; whether rows were brought to length one before (Kaiser).
    loadings : array, shape (items, factors)
    factor_correlations : array, shape (factors, factors)
    transformation : array, shape (factors, factors)
        T with loadings = A T (orthogonal) or A (T')^-1 (oblique), A the unrotated loadings; factor correlations T'T.
    criterion : float
        The value of the criterion at the solution; NaN for none and promax.
    converged : bool
    n_starts : int
    optima : tuple of (float, int)
        The distinct values in which starts ended, best first, and how many starts ended in each.
    options : tuple of (str, float)
        gamma, power or delta, for the methods that have one.
    """

    method: str
    oblique: bool
    normalized: bool | str
    loadings: Floats
    factor_correlations: Floats
    transformation: Floats
    criterion: float = np.nan
    converged: bool = True
    n_starts: int = 1
    optima: tuple[tuple[float, int], ...] = ()
    options: tuple[tuple[str, float], ...] = ()

    @property
    def n_local_optima(self) -> int:
        """How many distinct optima the starts found; 0 where nothing was searched."""
        return len(self.optima)

    def optima_frame(self) -> pd.DataFrame:
        """The distinct optima: criterion value, starts that ended there, and their share."""
        import pandas as pd

        frame = pd.DataFrame(list(self.optima), columns=["criterion", "n_starts"])
        frame["share"] = frame["n_starts"] / max(self.n_starts, 1)
        return frame

    def arranged(self, order: npt.ArrayLike, signs: npt.ArrayLike) -> Rotation:
        """Put the factors in this order and turn them by these signs, loadings, correlations and T together.

        Parameters
        ----------
        order : integer array, shape (factors,)
            Which factor comes first, second, ....
        signs : array, shape (factors,)
            +1 or -1 for each factor in its new place.
        """
        place, sign = np.asarray(order, dtype=np.intp), np.asarray(signs, dtype=np.float64)
        return replace(
            self,
            loadings=self.loadings[:, place] * sign,
            factor_correlations=self.factor_correlations[np.ix_(place, place)] * np.outer(sign, sign),
            transformation=self.transformation[:, place] * sign,
        )

    def canonical(self) -> Rotation:
        """Factors by falling explained variance (diag P L'L), each turned so that its loadings sum to more than zero.

        A bifactor rotation keeps its general factor first; a target rotation keeps the target's order and signs.
        """
        if self.method.startswith("target"):
            return self
        squares = np.sum(self.loadings * (self.loadings @ self.factor_correlations), axis=0)
        if self.method.startswith("bifactor"):
            squares[0] = np.inf
        order = np.argsort(-squares, kind="stable")
        return self.arranged(order, _signs(self.loadings[:, order]))

    def __repr__(self) -> str:
        optima = "one optimum" if self.n_local_optima == 1 else f"{self.n_local_optima} optima"
        found = f", {optima} in {self.n_starts} starts" if self.optima else ""
        return f"<Rotation: {self.method}, {counted(self.loadings.shape[1], 'factor')}{found}>"

    def _repr_html_(self) -> str:
        numbers = [[str(place), *(shown(value, 2) for value in row)] for place, row in enumerate(self.loadings, 1)]
        headings = ["Item", *(f"F{number}" for number in range(1, self.loadings.shape[1] + 1))]
        ended = "" if self.converged else "; no optimum was reached"
        kaiser = f"Kaiser normalisation: {'varimax step' if isinstance(self.normalized, str) else self._yes()}"
        sentences = [f"{'Oblique' if self.oblique else 'Orthogonal'}; {kaiser}{ended}."]
        if self.optima:
            sentences.append(
                f"{counted(self.n_local_optima, 'distinct optimum', 'distinct optima')} in {self.n_starts} starts."
            )
        return html_table(repr(self)[1:-1], headings, numbers, sentences)

    def _yes(self) -> str:
        return "yes" if self.normalized else "no"


def _signs(loadings: Floats) -> Floats:
    """+1 or -1 for each column: the sign of its sum, or of its sum of cubes where the sum is as good as zero."""
    sums, sizes = loadings.sum(axis=0), np.abs(loadings).sum(axis=0)
    cubes = np.sum(loadings**3, axis=0)
    return np.where(np.where(np.abs(sums) > 1e-9 * sizes, sums, cubes) < 0, -1.0, 1.0)
