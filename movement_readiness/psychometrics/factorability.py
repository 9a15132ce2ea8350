"""Are the items correlated enough to look for factors? `kmo` and `bartlett_sphericity`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._analysed import DESCRIPTIVE, Analysed, analysed
from movement_readiness.psychometrics.results import Result, shown, shown_p, within

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BartlettResult", "KMOResult", "bartlett_sphericity", "kmo", "sampling_adequacy"]

Floats = npt.NDArray[np.float64]

NO_INVERSE = "Not estimable: the matrix is not positive definite (smallest eigenvalue {:.2g}) and has no inverse."
_WORDS = ((0.9, "marvellous"), (0.8, "meritorious"), (0.7, "middling"), (0.6, "mediocre"), (0.5, "miserable"))


@dataclass(frozen=True, repr=False, eq=False)
class KMOResult(Result):
    """Kaiser-Meyer-Olkin measure of sampling adequacy; made by `kmo`.

    Attributes
    ----------
    overall : float
    items : Series, by item
    n_respondents : float
        NaN for a matrix.
    """

    overall: float
    items: pd.Series[float]
    n_respondents: float
    _words: str
    _why: str = ""

    def to_frame(self) -> pd.DataFrame:
        """The measure of each item."""
        return self.items.to_frame("kmo")

    def __repr__(self) -> str:
        least = shown(float(self.items.min()))
        return f"<KMOResult: overall {shown(self.overall)}, items from {least}; {within(self._words)}>"

    def _heading(self) -> str:
        return f"Sampling adequacy (KMO): {shown(self.overall)} overall"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        return ["Item", "KMO"], [[str(name), shown(value)] for name, value in self.items.items()]

    def _sentences(self) -> Sequence[str]:
        word = next((word for least, word in _WORDS if self.overall >= least), "unacceptable")
        called = "" if np.isnan(self.overall) else f"Kaiser and Rice (1974) call {shown(self.overall)} {word}."
        return [f"{self._words}.", called, self._why]


@dataclass(frozen=True, repr=False, eq=False)
class BartlettResult(Result):
    """Bartlett's test that no items correlate; made by `bartlett_sphericity`.

    Attributes
    ----------
    chisq : float
    df : int
    pvalue : float
    n_respondents : float
    """

    chisq: float
    df: int
    pvalue: float
    n_respondents: float
    _words: str
    _why: str = ""

    def to_frame(self) -> pd.DataFrame:
        """One row: chisq, df, pvalue."""
        import pandas as pd

        return pd.DataFrame({"chisq": [self.chisq], "df": [self.df], "pvalue": [self.pvalue]}, index=["bartlett"])

    def __repr__(self) -> str:
        test = f"chi-square {shown(self.chisq)}, df {self.df}, {shown_p(self.pvalue)}"
        return f"<BartlettResult: {test}; {within(self._words)}>"

    def _heading(self) -> str:
        return "Bartlett's test of sphericity"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        p = shown_p(self.pvalue).removeprefix("p ")
        return ["Test", "χ²", "df", "p"], [["No items correlate", shown(self.chisq), str(self.df), p]]

    def _sentences(self) -> Sequence[str]:
        latent = self._words.startswith(("Polychoric", "Tetrachoric", "Spearman")) or "(said to be " in self._words
        return [
            f"{self._words}.",
            "A small p says only that some items correlate; with many respondents it always is.",
            DESCRIPTIVE if latent else "",
            self._why,
        ]


def sampling_adequacy(correlations: Floats) -> tuple[float, Floats]:
    """KMO overall and of each item (items,); NaN where the matrix has no inverse."""
    inverse = np.linalg.inv(correlations)
    scale = np.sqrt(np.diag(inverse))
    partial = (inverse / np.outer(scale, scale)) ** 2
    simple = correlations**2
    np.fill_diagonal(partial, 0.0)
    np.fill_diagonal(simple, 0.0)
    with np.errstate(invalid="ignore"):
        each = simple.sum(axis=0) / (simple.sum(axis=0) + partial.sum(axis=0))
        return float(simple.sum() / (simple.sum() + partial.sum())), np.asarray(each)


def kmo(items: Any, *, correlation: str = "pearson", missing: str = "pairwise", n_obs: int | None = None) -> KMOResult:
    """Kaiser-Meyer-Olkin measure: how much of the items' correlation is shared with more than one other item.

    With r_ij the correlations and a_ij the partial correlations of two items given all others,

        KMO = sum r_ij^2 / (sum r_ij^2 + sum a_ij^2)        over i != j; for one item over its own pairs.

    Parameters
    ----------
    items : item frame, array, correlation matrix, or a result of `correlation_matrix` or `polychoric`
        A matrix gives what its data give.
    correlation : {"pearson", "spearman", "polychoric"}
        Use the one that the factor analysis will use.
    missing : {"pairwise", "listwise"}
    n_obs : int, optional
        Respondents behind a matrix; not used, but carried into the result.

    Returns
    -------
    KMOResult
        NaN, with a warning, where the matrix is not positive definite.

    Notes
    -----
    From 0 to 1; .5 and below is called unacceptable [1]_. Checked against ``psych::KMO`` (1e-8 on the same matrix).

    References
    ----------
    .. [1] Kaiser HF, Rice J (1974). Little Jiffy, Mark IV. Educational and Psychological Measurement 34:111-117.
       doi:10.1177/001316447403400115

    Examples
    --------
    R: ``psych::KMO(items)``

    >>> import numpy as np, movement_readiness as mr
    >>> round(mr.kmo(np.full((4, 4), 0.5) + np.eye(4) / 2).overall, 3)
    0.8
    """
    import pandas as pd

    data = analysed(items, correlation=correlation, missing=missing, n_obs=n_obs, intervals=False)
    nothing = np.full(data.n_items, np.nan)
    overall, each = (float("nan"), nothing) if data.singular else sampling_adequacy(data.correlations)
    index = pd.Index(list(data.names))
    why = NO_INVERSE.format(data.smallest_eigenvalue) if data.singular else ""
    return KMOResult(overall, pd.Series(each, index=index, name="kmo"), data.n_respondents, data.words(), why)


def bartlett_sphericity(
    items: Any, *, correlation: str = "pearson", missing: str = "pairwise", n_obs: int | None = None
) -> BartlettResult:
    """Bartlett's test of sphericity, the hypothesis that all correlations are zero.

    With R the correlations of p items and n respondents, -(n - 1 - (2 p + 5) / 6) log det R is chi-square with
    p (p - 1) / 2 degrees of freedom when items are normal and uncorrelated.

    Parameters
    ----------
    items : item frame, array, correlation matrix, or a result of `correlation_matrix` or `polychoric`
    correlation : {"pearson", "spearman", "polychoric"}
        Of polychoric correlations the test is descriptive.
    missing : {"pairwise", "listwise"}
        pairwise counts every respondent with an answer as n.
    n_obs : int, optional
        Respondents behind a matrix; needed with one.

    Returns
    -------
    BartlettResult
        NaN, with a warning, where the matrix is not positive definite.

    Notes
    -----
    Checked against ``psych::cortest.bartlett`` (1e-8 relative).

    References
    ----------
    Bartlett MS (1951). The effect of standardization on a chi-square approximation in factor analysis. Biometrika
    38:337-344.

    Examples
    --------
    R: ``psych::cortest.bartlett(R, n = 100)``

    >>> import numpy as np, movement_readiness as mr
    >>> found = mr.bartlett_sphericity(np.full((4, 4), 0.5) + np.eye(4) / 2, n_obs=100)
    >>> round(found.chisq, 3), found.df
    (112.632, 6)
    """
    data = analysed(items, correlation=correlation, missing=missing, n_obs=n_obs)
    if np.isnan(data.n_respondents):
        raise ArgumentError("n_obs: expected the number of respondents behind the correlation matrix; got none.")
    df = data.n_items * (data.n_items - 1) // 2
    chisq = _chisq(data)
    why = NO_INVERSE.format(data.smallest_eigenvalue) if data.singular else ""
    return BartlettResult(chisq, df, float(chdtrc(df, max(chisq, 0.0))), data.n_respondents, data.words(), why)


def _chisq(data: Analysed) -> float:
    if data.singular:
        return float("nan")
    log_determinant = float(np.log(np.linalg.eigvalsh(data.correlations)).sum())
    return -(data.n_respondents - 1 - (2 * data.n_items + 5) / 6) * log_determinant
