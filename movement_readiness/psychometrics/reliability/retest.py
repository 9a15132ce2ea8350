"""`retest_icc`: how well the same people get the same score again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, check_number, quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._clusters import without_groups
from movement_readiness.psychometrics._frames import complete_rows, item_frame, item_index, item_table
from movement_readiness.psychometrics._inputs import check_same_rows, group_codes, number_column
from movement_readiness.psychometrics._pingouin import intraclass_estimates
from movement_readiness.psychometrics._suspects import look_for_identifiers
from movement_readiness.psychometrics.reliability._twoway import (
    MeanSquares,
    absolute_limits,
    mean_squares,
    ratio_limits,
)
from movement_readiness.psychometrics.results import Result, shown, shown_interval, warn_not_estimable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FORMS", "RetestResult", "retest_icc"]

Floats = npt.NDArray[np.float64]

FORMS = {
    "ICC(1,1)": ("ICC1", "one-way, one occasion"),
    "ICC(A,1)": ("ICC2", "two-way, absolute agreement, one occasion"),
    "ICC(C,1)": ("ICC3", "two-way, consistency, one occasion"),
    "ICC(1,k)": ("ICC1k", "one-way, mean of the occasions"),
    "ICC(A,k)": ("ICC2k", "two-way, absolute agreement, mean of the occasions"),
    "ICC(C,k)": ("ICC3k", "two-way, consistency, mean of the occasions"),
}
_BY_SHORT_NAME = {short: name for name, (short, _) in FORMS.items()}
# Shrout and Fleiss number the models: 2 is agreement, 3 consistency. A guess by likeness would mix the two up.
_BY_SHORT_NAME |= {f"ICC({number},{k})": f"ICC({kind},{k})" for number, kind in (("2", "A"), ("3", "C")) for k in "1k"}


@dataclass(frozen=True, repr=False, eq=False)
class RetestResult(Result):
    """A retest correlation in the form asked for, with the other five; made by `retest_icc`.

    Attributes
    ----------
    form : str
        Such as "ICC(A,1)".
    estimate, ci_low, ci_high, confidence : float
        Of that form.
    forms : DataFrame
        Index form; columns name (as in psych), description, estimate, ci_low, ci_high: all six.
    sem_agreement, sem_consistency : float
        Standard error of measurement of one occasion, in units of the score, with and without the differences
        between occasions.
    occasion_means : Series
    n_respondents, n_left_out, n_occasions : int
        People with a score on every occasion, and people left out because one is missing.
    """

    form: str
    estimate: float
    ci_low: float
    ci_high: float
    confidence: float
    forms: pd.DataFrame
    sem_agreement: float
    sem_consistency: float
    occasion_means: pd.Series[float]
    n_respondents: int
    n_left_out: int
    n_occasions: int

    def to_frame(self) -> pd.DataFrame:
        """All six forms, one row each, full precision."""
        return self.forms.copy()

    def __repr__(self) -> str:
        interval = f"{self.confidence:.0%} interval {shown_interval(self.ci_low, self.ci_high)}"
        people = f"{self.n_respondents} people on {self.n_occasions} occasions"
        return f"<RetestResult: {self.form} {shown(self.estimate)} ({interval}), {people}>"

    def _heading(self) -> str:
        return f"Retest reliability: {self.form}, {FORMS[self.form][1]}"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        rows = [
            (
                f"{form} ({row['name']})",
                str(row["description"]),
                shown(row["estimate"]),
                shown_interval(row["ci_low"], row["ci_high"]),
            )
            for form, row in self.forms.iterrows()
        ]
        return ("form", "", "estimate", f"{self.confidence:.0%} interval"), rows

    def _sentences(self) -> Sequence[str]:
        out = f"; {self.n_left_out} with a missing score left out" if self.n_left_out else ""
        means = ", ".join(f"{name} {shown(mean, 2)}" for name, mean in self.occasion_means.items())
        return (
            f"{self.n_respondents} people on {self.n_occasions} occasions{out}. Means: {means}.",
            f"Standard error of measurement of one occasion: {shown(self.sem_agreement, 2)} (agreement), "
            f"{shown(self.sem_consistency, 2)} (consistency).",
            "Intervals: McGraw and Wong (1996), exact but for absolute agreement, which uses Satterthwaite's "
            "degrees of freedom.",
        )


def retest_icc(
    scores: Any,
    second: Any = None,
    *,
    person: str | None = None,
    occasion: str | None = None,
    score: str | None = None,
    form: str = "ICC(A,1)",
    missing: str = "listwise",
    confidence: float = 0.95,
) -> RetestResult:
    """Retest reliability: the intraclass correlation of the scores of the same people on several occasions.

    Parameters
    ----------
    scores : column, frame or 2-D array
        The scores of the first occasion, when `second` is given; or one row a person and one column an occasion;
        or one row a score (long), when `person`, `occasion` and `score` name its columns.
    second : column, optional
        The second occasion, the same people in the same order.
    person, occasion, score : str, optional
        Columns of a long frame.
    form : str
        "ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)" [1]_, or as Shrout and Fleiss
        number them, "ICC(2,1)", "ICC(3,1)", "ICC(2,k)", "ICC(3,k)", or as psych does, "ICC1", "ICC2", "ICC3", "ICC1k",
        "ICC2k", "ICC3k" (2 is A, 3 is C). A, absolute agreement, counts a shift of everybody between
        the occasions as error; C, consistency, does not; k is for the mean of the occasions.
    missing : {"listwise"}
        People with a missing score on any occasion are left out.
    confidence : float, default 0.95

    Returns
    -------
    RetestResult
        ``.estimate .ci_low .ci_high .forms .sem_agreement .sem_consistency .n_respondents``.

    Raises
    ------
    ArgumentError
        Fewer than two people with all scores, one occasion only, a person twice on one occasion.

    Warns
    -----
    EstimationWarning
        No differences at all, or none within people: there is no interval.
    IdentifierColumnWarning
        A column of row numbers or identifiers, taken as an occasion.

    Notes
    -----
    With n people, k occasions, and mean squares MSR (people), MSC (occasions), MSE (rest), MSW (within people)

    - ``ICC(1,1) = (MSR - MSW) / (MSR + (k - 1) MSW)``
    - ``ICC(A,1) = (MSR - MSE) / (MSR + (k - 1) MSE + k (MSC - MSE) / n)``
    - ``ICC(C,1) = (MSR - MSE) / (MSR + (k - 1) MSE)``

    and ``k r / (1 + (k - 1) r)`` of each for the mean of k occasions. Estimates come from pingouin; intervals are
    McGraw and Wong's [1]_, computed here because pingouin rounds them. Standard errors of measurement [2]_:
    ``sqrt(max(MSC - MSE, 0) / n + MSE)`` (agreement) and ``sqrt(MSE)`` (consistency).

    Checked against psych 2.2.9 (``psych::ICC(lmer = FALSE)``), all six with their intervals, to 1e-8
    (``tests/reference/exploratory``).

    References
    ----------
    .. [1] McGraw KO, Wong SP (1996). Forming inferences about some intraclass correlation coefficients.
       Psychological Methods 1:30-46. doi:10.1037/1082-989X.1.1.30
    .. [2] de Vet HCW, Terwee CB, Knol DL, Bouter LM (2006). When to use agreement versus reliability measures.
       Journal of Clinical Epidemiology 59:1033-1039. doi:10.1016/j.jclinepi.2005.10.015

    Examples
    --------
    R: ``psych::ICC(cbind(first, second), lmer = FALSE)``

    >>> import movement_readiness as mr
    >>> found = mr.retest_icc([10, 20, 30, 40, 50], [12, 19, 33, 38, 54])
    >>> round(found.estimate, 4), round(found.ci_low, 4), round(found.sem_agreement, 4)
    (0.987, 0.9076, 1.8439)
    """
    check_choice("missing", missing, ("listwise",))
    chosen = check_choice("form", _BY_SHORT_NAME.get(form, form) if isinstance(form, str) else form, tuple(FORMS))
    level = check_number("confidence", confidence, 0.5, 1, open_high=True)
    table, names = _table(scores, second, person, occasion, score)
    kept = complete_rows(table)
    if kept.sum() < 2:
        raise ArgumentError(f"scores: expected two or more people with a score on every occasion; got {kept.sum()}.")
    used = np.ascontiguousarray(table[kept])
    squares = mean_squares(used)
    warn_not_estimable(_why_not(squares))
    return _result(used, names, squares, chosen, level, int((~kept & ~np.isnan(table).all(axis=1)).sum()))


def _table(
    scores: Any, second: Any, person: str | None, occasion: str | None, score: str | None
) -> tuple[Floats, list[Any]]:
    """People x occasions, NaN where a score is missing, and what the occasions are called."""
    named = {"person": person, "occasion": occasion, "score": score}
    if any(name is not None for name in named.values()):
        lacking = [argument for argument, name in named.items() if name is None]
        if lacking or second is not None:
            raise ArgumentError(
                "person, occasion and score: expected all three, and no second column, with a long frame; "
                + (f"{quoted(lacking)} missing." if lacking else "second is given.")
            )
        return _from_long(scores, str(person), str(occasion), str(score))
    if second is not None:
        check_same_rows("scores", scores, "second", second)
        return np.column_stack([number_column("scores", scores), number_column("second", second)]), ["first", "second"]
    frame, _ = without_groups(item_frame("scores", scores))
    table = item_table("scores", frame)
    look_for_identifiers("scores", table.names, table.values)
    return table.values, list(table.names)


def _from_long(scores: Any, person: str, occasion: str, score: str) -> tuple[Floats, list[Any]]:
    frame = item_frame("scores", scores)
    unknown = [name for name in (person, occasion, score) if name not in frame.columns]
    if unknown:
        raise ArgumentError(
            f"scores: expected the columns {quoted([person, occasion, score])}; {quoted(unknown)} not among "
            f"{quoted(list(frame.columns))}."
        )
    values = number_column(f"scores[{score!r}]", frame[score])
    people, n_people = group_codes("person", frame[person])
    occasions, n_occasions = group_codes("occasion", frame[occasion])
    if n_occasions < 2:
        raise ArgumentError(f"occasion: expected two or more occasions; got {n_occasions}.")
    there = (people >= 0) & (occasions >= 0)
    cells = people[there] * n_occasions + occasions[there]
    if np.bincount(cells, minlength=1).max() > 1:
        raise ArgumentError(f"scores: expected one row for each {person} and {occasion}; some have more.")
    table = np.full(n_people * n_occasions, np.nan)
    table[cells] = values[there]
    names = [frame[occasion].iloc[int(np.argmax(occasions == place))] for place in range(n_occasions)]
    return table.reshape(n_people, n_occasions), names


def _why_not(squares: MeanSquares) -> str | None:
    if squares.between == 0 and squares.within == 0:
        return "All scores are the same, so retest correlations have no meaning and are NaN."
    if squares.residual == 0:
        return "Apart from a shift of everybody, people have the same score on every occasion: there is no interval."
    return None


def _result(
    table: Floats, names: list[Any], squares: MeanSquares, form: str, level: float, n_left_out: int
) -> RetestResult:
    import pandas as pd

    nothing = squares.between == 0 and squares.within == 0
    estimates = dict.fromkeys(FORMS, float("nan")) if nothing else intraclass_estimates(table)
    limits = _limits(squares, estimates, level)
    frame = pd.DataFrame(
        {
            "name": [short for short, _ in FORMS.values()],
            "description": [words for _, words in FORMS.values()],
            "estimate": [estimates[name] for name in FORMS],
            "ci_low": [limits[name][0] for name in FORMS],
            "ci_high": [limits[name][1] for name in FORMS],
        },
        index=pd.Index(list(FORMS), name="form"),
    )
    return RetestResult(
        form=form,
        estimate=estimates[form],
        ci_low=limits[form][0],
        ci_high=limits[form][1],
        confidence=level,
        forms=frame,
        sem_agreement=float(np.sqrt(squares.var_occasions + squares.residual)),
        sem_consistency=float(np.sqrt(squares.residual)),
        occasion_means=pd.Series(table.mean(axis=0), index=item_index(names).rename("occasion"), name="mean"),
        n_respondents=len(table),
        n_left_out=n_left_out,
        n_occasions=table.shape[1],
    )


def _limits(squares: MeanSquares, estimates: dict[str, float], level: float) -> dict[str, tuple[float, float]]:
    n, k = squares.n, squares.k
    one = {
        "1": ratio_limits(squares.between, squares.within, (n - 1, n * (k - 1)), k, level),
        "A": absolute_limits(squares, estimates["ICC(A,1)"], level),
        "C": ratio_limits(squares.between, squares.residual, (n - 1, (n - 1) * (k - 1)), k, level),
    }
    if not squares.residual > 0:
        one = dict.fromkeys(one, (float("nan"), float("nan")))
    single = {f"ICC({kind},1)": limits for kind, limits in one.items()}
    mean = {
        f"ICC({kind},k)": (k * low / (1 + (k - 1) * low), k * high / (1 + (k - 1) * high))
        for kind, (low, high) in one.items()
    }
    return single | mean
