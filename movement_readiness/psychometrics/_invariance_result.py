"""What a ladder of measurement invariance found: `InvarianceResult`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import chi2

from movement_readiness._validation import check_choice
from movement_readiness.psychometrics.confirmatory.comparison import METHODS, measure_cell
from movement_readiness.psychometrics.confirmatory.diagnostics import listed
from movement_readiness.psychometrics.confirmatory.release import release_tests
from movement_readiness.psychometrics.confirmatory.result import CFAResult, out_of
from movement_readiness.psychometrics.confirmatory.specification import Row
from movement_readiness.psychometrics.confirmatory.tables import expansion
from movement_readiness.psychometrics.results import Result, shown, shown_p

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CUTOFFS", "KINDS", "MEASURES", "InvarianceResult"]

# What each step holds equal, by operator; residuals too are ``~~``.
KINDS: dict[str, set[str]] = {
    "configural": set(),
    "metric": {"=~"},
    "scalar": {"=~", "~1"},
    "strict": {"=~", "~1", "~~"},
    "thresholds": {"|"},
    "loadings": {"|", "=~"},
    "intercepts": {"|", "=~", "~1"},
    "residuals": {"|", "=~", "~1", "~~"},
}
MEASURES = ("cfi", "cfi.scaled", "cfi.robust", "rmsea", "rmsea.scaled", "rmsea.robust", "srmr")

CUTOFFS = (
    "Cheung and Rensvold (2002): CFI not lower by more than .01 (normal answers, two groups)",
    "Chen (2007): CFI not lower by more than .010 with RMSEA not higher by .015, or SRMR by .030 at loadings and .010 "
    "at intercepts and residuals (more than 300 respondents, equal groups); .005, .010, .025 and .005 in smaller and "
    "unequal ones",
    "Meade, Johnson and Braddy (2008): CFI not lower by more than .002",
)
_NONE_CONSISTENT = (
    "None of these is a consistent rule: what change a given departure makes depends on the size of the model, of the "
    "loadings and of the groups, and for ordered items they do not perform well (Sass, Schmitt and Marsh 2014). Weigh "
    "them with the tests and with how much the parameters differ."
)


@dataclass(frozen=True, repr=False, eq=False)
class InvarianceResult(Result):
    """A ladder of invariance; made by `measurement_invariance`.

    Attributes
    ----------
    table : DataFrame
        One row a step; see `to_frame`.
    fits : mapping of str to CFAResult
        The model of each step.
    estimator : str
    method : str
        Of the difference tests.
    groups : tuple
    n_respondents : int
    n_omitted : int
        Respondents who answered some items and were left out because they did not answer every one ("listwise").
    notes : tuple of str
        Steps that these items do not have, and why.
    """

    table: pd.DataFrame
    fits: Mapping[str, CFAResult]
    estimator: str
    method: str
    groups: tuple[Any, ...]
    n_respondents: int
    notes: tuple[str, ...]

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of the steps, in order."""
        return tuple(self.fits)

    @property
    def n_omitted(self) -> int:
        """Respondents left out because they answered some items and not every one."""
        return next(iter(self.fits.values())).n_omitted

    def to_frame(self) -> pd.DataFrame:
        """One row a step.

        Columns: step; chisq (never scaled), df, pvalue; chisq.scaled and pvalue.scaled where the estimator has them;
        cfi, rmsea, srmr, and the scaled and robust cfi and rmsea; against the step before chisq_diff, df_diff,
        pvalue_diff (scaled where ``method`` says so) and, for each measure, its change (``cfi_change``: this step's
        less the one's before).
        """
        return self.table.copy()

    def suggestions(self, step: str | None = None, *, most: int | None = 10) -> pd.DataFrame:
        """Equalities that a step adds and whose release would improve it most: where to look for partial invariance.

        Parameters
        ----------
        step : str, optional
            The step whose equalities are tested; the first one with a ``pvalue_diff`` below .05, or else the last.
        most : int or None, default 10
            How many; None for all.

        Returns
        -------
        DataFrame
            step, parameter (as ``partial`` of `measurement_invariance` takes it), item, group (where it would differ
            from the others), chisq (of the score test, one degree of freedom, unscaled), pvalue, change (expected of
            the parameter); the largest first. The p-values are not adjusted for how many there are.

        Raises
        ------
        ArgumentError
            No such step.
        """
        name = self._worst() if step is None else check_choice("step", step, self.steps)
        place = self.steps.index(name)
        before = KINDS[self.steps[place - 1]] if place else set()
        found = _suggested(name, KINDS[name] - before, self.fits[name], self.groups)
        return found if most is None else found.head(most)

    def _worst(self) -> str:
        low = self.table.loc[self.table["pvalue_diff"] < 0.05, "step"]
        return str(low.iloc[0]) if len(low) else self.steps[-1]

    def __repr__(self) -> str:
        tests = [
            f"{row['step']} {shown_p(row['pvalue_diff'])}"
            for row in self.table.to_dict("records")
            if not np.isnan(row["df_diff"])
        ]
        n = out_of(self.n_respondents, self.n_omitted)
        improper = [name for name, fit in self.fits.items() if fit.improper]
        flag = f"; IMPROPER: {', '.join(improper)}" if improper else ""
        return f"<InvarianceResult: {len(self.groups)} groups, n {n}; {', '.join(tests)}{flag}>"

    def _heading(self) -> str:
        return f"Measurement invariance in {len(self.groups)} groups"

    def _shown_columns(self) -> list[str]:
        suffix = next((s for s in (".robust", ".scaled", "") if not self.table[f"cfi{s}"].isna().all()), "")
        chisq = "chisq.scaled" if not self.table["chisq.scaled"].isna().all() else "chisq"
        measures = [f"cfi{suffix}", f"rmsea{suffix}", "srmr"]
        tests = ["chisq_diff", "df_diff", "pvalue_diff"]
        return [chisq, "df", *measures, *tests, *(f"{name}_change" for name in measures)]

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        columns = self._shown_columns()
        rows = [
            [row["step"], *(measure_cell(name, row[name]) for name in columns)] for row in self.table.to_dict("records")
        ]
        return ["Step", *columns], rows

    def _sentences(self) -> Sequence[str]:
        groups = ", ".join(str(group) for group in self.groups)
        return [
            f"{out_of(self.n_respondents, self.n_omitted)} respondents in the groups {groups}; estimator "
            f"{self.estimator}. Each step is tested against the one before it by {METHODS[self.method]}.",
            f"Cut-offs for the change in fit in use: {'; '.join(CUTOFFS)}. {_NONE_CONSISTENT}",
            *(
                f"{name}: an improper solution, not to be interpreted: {listed(fit.improper)}."
                for name, fit in self.fits.items()
                if fit.improper
            ),
            *self.notes,
            self._suggestion(),
        ]

    def _suggestion(self) -> str:
        found = self.suggestions(most=3)
        if found.empty:
            return ""
        named = ", ".join(
            f"{row['parameter']} in {row['group']} (χ² {shown(row['chisq'], 1)})" for row in found.to_dict("records")
        )
        return f"Equalities whose release would improve the step {found['step'].iloc[0]} most: {named}."


def _suggested(step: str, kinds: set[str], fit: CFAResult, groups: Sequence[Any]) -> pd.DataFrame:
    import pandas as pd

    columns = ["step", "parameter", "item", "group", "chisq", "pvalue", "change"]
    if not fit.converged:
        return pd.DataFrame(columns=columns)
    rows = _releases(fit, kinds)
    chisq = np.array([one[1] for one in rows], dtype=np.float64)
    found = pd.DataFrame(
        {
            "step": step,
            "parameter": [row.name for row, _, _ in rows],
            "item": [row.rhs if row.op == "=~" else row.lhs for row, _, _ in rows],
            "group": [groups[row.group] for row, _, _ in rows],
            "chisq": chisq,
            "pvalue": chi2.sf(chisq, 1),
            "change": [change for _, _, change in rows],
        },
        columns=columns,
    )
    return found.sort_values("chisq", ascending=False, kind="stable").reset_index(drop=True)


def _releases(fit: CFAResult, kinds: set[str]) -> list[tuple[Row, float, float]]:
    """What is equal across groups: tied parameters, and intercepts and residual variances that are fixed in all."""
    inner = fit._fit

    def same_by_being_fixed(row: Row) -> bool:
        own = row.op == "~1" or (row.op == "~~" and row.lhs == row.rhs)
        return own and row.op in kinds and row.group > 0 and row.lhs in fit.items

    fixed = same_by_being_fixed if inner.model.ordinal else None
    found = release_tests(inner.model, inner.theta, expansion(inner), fixed)
    rows = zip(*found, strict=True)
    return [(row, float(chisq), float(change)) for row, chisq, change in rows if row.op in kinds]
