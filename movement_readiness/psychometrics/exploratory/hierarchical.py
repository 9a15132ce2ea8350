"""The Schmid-Leiman transformation: correlated factors as one general factor and what the groups have beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, quoted
from movement_readiness.exceptions import ArgumentError, EstimationWarning, HeywoodWarning
from movement_readiness.psychometrics._analysed import frame_of
from movement_readiness.psychometrics.exploratory.analysis import efa
from movement_readiness.psychometrics.exploratory.extraction import LOWEST_UNIQUENESS, extract
from movement_readiness.psychometrics.exploratory.result import EFAResult, heywood_words
from movement_readiness.psychometrics.results import Result, give_warning, noted, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SchmidLeimanResult", "schmid_leiman"]

Floats = npt.NDArray[np.float64]

_TWO = ("equal", "first", "second")


@dataclass(frozen=True, repr=False, eq=False)
class SchmidLeimanResult(Result):
    """General and group factors, uncorrelated; made by `schmid_leiman`.

    Attributes
    ----------
    loadings : DataFrame, items x (general, F1, ..., Fm)
    second_order : Series, by factor
        Loadings of the correlated factors on the general one.
    communalities, uniquenesses : Series, by item
        Those of the oblique solution: the transformation leaves them alone.
    general_share : Series, by item
        Squared general loading over communality (psych's p2).
    variance : DataFrame, by factor
        ss_loadings, proportion (of all items), proportion_explained.
    ecv : float
        Explained common variance: the general factor's share of what the factors explain.
    identified : bool
        False with two factors, where the second-order loadings are a choice (``two_factors``).
    efa : EFAResult
        The oblique solution it came from.
    n_respondents : float
    warnings : tuple of str
        What was said when the result was made.
    """

    loadings: pd.DataFrame
    second_order: pd.Series[float]
    communalities: pd.Series[float]
    uniquenesses: pd.Series[float]
    general_share: pd.Series[float]
    variance: pd.DataFrame
    ecv: float
    identified: bool
    efa: EFAResult
    n_respondents: float
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Loadings with communality, uniqueness and the general factor's share, one row an item."""
        frame = self.loadings.copy()
        frame["communality"] = self.communalities
        frame["uniqueness"] = self.uniquenesses
        frame["general_share"] = self.general_share
        return frame

    def __repr__(self) -> str:
        return (
            f"<SchmidLeimanResult: general and {len(self.second_order)} group factors of {len(self.loadings)} items, "
            f"ECV {shown(self.ecv)}; from {self.efa!r}>"
        )

    def _heading(self) -> str:
        return f"Schmid-Leiman: a general and {len(self.second_order)} group factors of {len(self.loadings)} items"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        headings = ["Item", *map(str, self.loadings.columns), "Communality", "Uniqueness", "General share"]
        table = self.to_frame()
        return headings, [
            [str(item), *(shown(number, 2) for number in row)]
            for item, row in zip(table.index, table.to_numpy(), strict=True)
        ]

    def _sentences(self) -> Sequence[str]:
        second = ", ".join(f"{name} {shown(value, 2)}" for name, value in self.second_order.items())
        how = "" if self.identified else " Two factors do not identify them: they are a choice."
        return [
            f"{self.efa.words()}.",
            f"Second-order loadings: {second}.{how}",
            f"The general factor has {self.ecv:.1%} of the explained variance (ECV).",
            heywood_words(self.efa.heywood),
            *self.warnings,
        ]


def schmid_leiman(
    items: Any,
    *,
    n_factors: int = 3,
    correlation: str = "pearson",
    method: str = "minres",
    rotation: str = "oblimin",
    two_factors: str = "equal",
    **efa_options: Any,
) -> SchmidLeimanResult:
    """Turn correlated factors into one general factor and uncorrelated group factors.

    With pattern loadings L and factor correlations P of an oblique solution, and g the loadings of the factors on one
    second-order factor of P: the general loadings are L g, the group loadings L diag(sqrt(1 - g^2)).

    Parameters
    ----------
    items : item frame, array, matrix, or EFAResult
        As in `efa`; or an oblique solution already there, whose settings then hold.
    n_factors : int
        Group factors, 2 or more.
    correlation, method, rotation : str
        As in `efa`; the rotation must be oblique. The second-order factor is extracted by the same method.
    two_factors : {"equal", "first", "second"}
        Two factors give one correlation r for two loadings: both sqrt(|r|), or 1 for the first or second factor and r
        for the other (psych's ``option``).
    **efa_options : Any
        Further arguments of `efa`.

    Returns
    -------
    SchmidLeimanResult

    Notes
    -----
    Three factors identify g just so; more are fitted. Checked against ``psych::schmid`` (loadings 1e-4).

    References
    ----------
    Schmid J, Leiman JM (1957). The development of hierarchical factor solutions. Psychometrika 22:53-61.
    doi:10.1007/BF02289209

    Examples
    --------
    R: ``psych::schmid(cor(items), nfactors = 3)``

    >>> import numpy as np, movement_readiness as mr
    >>> rng = np.random.default_rng(2)
    >>> general, groups = rng.normal(size=(500, 1)), rng.normal(size=(500, 3)).repeat(4, axis=1)
    >>> found = mr.schmid_leiman(general + groups + rng.normal(size=(500, 12)), n_factors=3)
    >>> list(found.loadings.columns), bool(0.4 < found.ecv < 0.6)
    (['general', 'F1', 'F2', 'F3'], True)
    """
    check_choice("two_factors", two_factors, _TWO)
    oblique = items
    if not isinstance(items, EFAResult):
        oblique = efa(
            items, n_factors=n_factors, correlation=correlation, method=method, rotation=rotation, **efa_options
        )
    _check_oblique(oblique)
    between = oblique.factor_correlations.to_numpy()
    return _result(oblique, _second_order(between, oblique.method, two_factors))


def _check_oblique(solution: EFAResult) -> None:
    if solution.n_factors < 2:
        raise ArgumentError(f"n_factors: expected 2 or more group factors; got {solution.n_factors}.")
    if not solution.rotation.oblique or solution.rotation.method.startswith("bifactor"):
        raise ArgumentError(
            f"rotation: expected an oblique one without a general factor, such as 'oblimin'; "
            f"got {solution.rotation.method!r}."
        )


def _second_order(between: Floats, method: str, two_factors: str) -> Floats:
    """Loadings of the factors on one factor of their correlations."""
    if between.shape[0] > 2:
        found = extract(between, 1, method).loadings[:, 0]
        return np.asarray(found if found.sum() >= 0 else -found)
    r = float(between[0, 1])
    if two_factors == "equal":
        return np.asarray(np.array([1.0, -1.0 if r < 0 else 1.0]) * np.sqrt(abs(r)))
    return np.array([1.0, r] if two_factors == "first" else [r, 1.0])


def _result(oblique: EFAResult, second: Floats) -> SchmidLeimanResult:
    import pandas as pd

    names = list(oblique.loadings.columns)
    with noted() as said:
        _warn(names, second)
    pattern = oblique.loadings.to_numpy()
    beyond = np.sqrt(np.clip(1 - second**2, 0.0, 1.0))
    loadings = np.column_stack([pattern @ second, pattern * beyond])
    explained = np.sum(loadings**2, axis=0)
    columns = ["general", *names]
    index = oblique.loadings.index
    communalities = oblique.communalities
    return SchmidLeimanResult(
        loadings=frame_of(loadings, index, columns),
        second_order=pd.Series(second, index=names, name="general"),
        communalities=communalities,
        uniquenesses=oblique.uniquenesses,
        general_share=pd.Series(loadings[:, 0] ** 2 / communalities.to_numpy(), index=index, name="general_share"),
        variance=pd.DataFrame(
            {
                "ss_loadings": explained,
                "proportion": explained / len(index),
                "proportion_explained": explained / explained.sum(),
            },
            index=columns,
        ),
        ecv=float(explained[0] / explained.sum()),
        identified=len(names) > 2,
        efa=oblique,
        n_respondents=oblique.n_respondents,
        warnings=tuple(said),
    )


def _warn(names: Sequence[str], second: Floats) -> None:
    if len(names) == 2:
        give_warning(
            "Two factors do not identify a general factor: their one correlation is shared out by two_factors=. Use "
            "three factors or more to estimate it.",
            EstimationWarning,
        )
        return
    whole = [name for name, value in zip(names, second, strict=True) if 1 - value**2 <= LOWEST_UNIQUENESS * 1.01]
    if whole:
        give_warning(
            f"Heywood case: the general factor explains all of {quoted(whole)}, which leaves no group factor there. "
            "Ask for fewer factors.",
            HeywoodWarning,
        )
