"""What a confirmatory factor analysis found: `CFAResult`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from movement_readiness._validation import check_choice, n_of
from movement_readiness.psychometrics.confirmatory import respondents, tables
from movement_readiness.psychometrics.confirmatory.diagnostics import listed
from movement_readiness.psychometrics.confirmatory.threads import one_thread
from movement_readiness.psychometrics.confirmatory.wording import METHODS, correlation_words, out_of, parameter_rows
from movement_readiness.psychometrics.results import Result, shown, shown_interval, shown_p, unlabelled_words

if TYPE_CHECKING:
    import pandas as pd

    from movement_readiness.psychometrics.confirmatory.fitting import Fit
    from movement_readiness.psychometrics.confirmatory.reading import Answers

__all__ = ["CFAResult", "out_of"]


@dataclass(frozen=True, repr=False, eq=False)
class CFAResult(Result):
    """A confirmatory factor analysis; made by `cfa`. Every number at full precision.

    Attributes
    ----------
    parameters : DataFrame
        One row a parameter and group: lhs, op, rhs, group (from 1, in order of appearance), label, est, se (0 where
        fixed or following from others), z, pvalue, ci_low, ci_high (95 %), std_lv, std_all, std_se (of std_all).
    fit_measures : Series
        By lavaan's names; NaN where a measure is not defined.
    factor_correlations : DataFrame
        Factors x factors; with several groups rows are (group, factor).
    factor_means : DataFrame
        Groups x factors.
    r_square : Series
        Of items and of factors with higher factors; with several groups by (group, name). Above one where a residual
        variance is below zero (lavaan has NA there).
    thresholds : DataFrame or None
        item, threshold, group, observed and implied, of ordered items.
    converged : bool
    convergence : Series
        method, steps, minimum (of the function), decrement (what another step would gain).
    model : str
    estimator, missing, parameterization : str
    n_respondents : int
    n_omitted : int
        Respondents who answered some items and were left out because they did not answer every one ("listwise").
    n_groups : int
    groups : tuple
        Labels of the groups, in the order of their numbers; empty for one.
    n_clusters : int or None
    n_unlabelled : int
        Respondents left out because the label of their cluster is missing.
    warnings : tuple of str
    improper : tuple of str
        Parameters by which a solution that was reached cannot be right ("x1~~x1", "f~~g"; "x1~~x1.g2" in group 2):
        variances below zero, standardised loadings and factor correlations beyond one, covariance matrices of factors
        or residuals that are not positive definite, thresholds that fall, an information matrix without an inverse.
        Empty for a proper solution; ``warnings`` says what to do.
    """

    parameters: pd.DataFrame
    fit_measures: pd.Series
    factor_correlations: pd.DataFrame
    factor_means: pd.DataFrame
    r_square: pd.Series
    thresholds: pd.DataFrame | None
    converged: bool
    convergence: pd.Series
    model: str
    estimator: str
    missing: str
    parameterization: str
    n_respondents: int
    groups: tuple[Any, ...]
    n_clusters: int | None
    warnings: tuple[str, ...]
    improper: tuple[str, ...]
    _fit: Fit = field(repr=False)
    _answers: Answers | None = field(default=None, repr=False)

    @property
    def n_groups(self) -> int:
        """How many groups there are."""
        return self._fit.model.table.n_groups

    @property
    def n_omitted(self) -> int:
        """Respondents left out because they answered some items and not every one."""
        return 0 if self._answers is None else self._answers.before - len(self._answers.rows)

    @property
    def n_unlabelled(self) -> int:
        """Respondents left out because the label of their cluster is missing."""
        return 0 if self._answers is None else self._answers.n_unlabelled

    @property
    def items(self) -> tuple[str, ...]:
        """The model's items, in order."""
        return self._fit.model.table.items

    @property
    def factors(self) -> tuple[str, ...]:
        """The model's factors, in order."""
        return self._fit.model.table.factors

    @property
    def covariance(self) -> pd.DataFrame:
        """Covariance of the free parameters, by name."""
        names = list(self._fit.model.table.free_names)
        return tables.frame(self._fit.covariance, names, names)

    def residuals(self, *, kind: str = "correlation") -> pd.DataFrame:
        """Observed minus implied correlations, items x items; with several groups rows are (group, item).

        Parameters
        ----------
        kind : {"correlation", "bentler", "raw", "standardized"}
            "correlation" (or "cor", "cor.bollen"): both standardised by their own variances; "bentler" (or
            "cor.bentler"): the difference of covariances divided by the observed standard deviations; "raw": of
            covariances. These are the same for ordered items. "standardized": the raw ones over their standard errors,
            about normal if the model is true [1]_; 0 where a residual cannot vary.

        Returns
        -------
        DataFrame

        Raises
        ------
        ArgumentError
            No such kind; "standardized" of ordered items fitted by "dwls" or "uls", or with clusters across groups.

        Notes
        -----
        The names are those of lavaan's ``residuals(fit, type=)``; checked against 0.6-14 to 1e-4 ("standardized": 1e-3;
        of "uls", and with clusters, lavaan has none). Where parameters are equal in groups lavaan takes each group's
        estimates for its own, so that its values vary more than they should; these do not.

        References
        ----------
        .. [1] Maydeu-Olivares A (2017). Assessing the size of model misfit in structural equation models. Psychometrika
           82:533-558. doi:10.1007/s11336-016-9552-7
        """
        known = {"cor": "correlation", "cor.bollen": "correlation", "cor.bentler": "bentler"}
        chosen = known.get(kind, kind)
        check_choice("kind", chosen, ("correlation", "bentler", "raw", "standardized"))
        with one_thread():
            return tables.residuals(self._fit, chosen)

    def implied(self) -> pd.DataFrame:
        """Implied covariances (correlations of ordered items), items x items; rows (group, item) for several groups."""
        return tables.implied(self._fit)

    def modification_indices(self, *, minimum: float = 0.0, sort: bool = True) -> pd.DataFrame:
        """What chi-square would lose, about, if one more parameter were free, and what that would become.

        Parameters
        ----------
        minimum : float
            Leave out smaller indices.
        sort : bool
            Largest first.

        Returns
        -------
        DataFrame
            lhs, op, rhs, group, mi, epc (expected change), sepc.lv, sepc.all (in the units of std_lv, std_all), of
            fixed parameters, of loadings on other factors, of residual covariances. Indices of scaled tests are not
            scaled. Scales of ordered items (~*~) that follow from residual variances ("theta") are no parameters and
            have no row, though lavaan lists them.
        """
        with one_thread():
            return tables.modification(self._fit, minimum, sort)

    def factor_scores(self, *, se: bool = False) -> pd.DataFrame:
        """Factor scores of the respondents of the analysis.

        Parameters
        ----------
        se : bool, default False
            Also their standard errors, in columns called <factor>_se.

        Returns
        -------
        DataFrame
            Respondents who counted (by their row labels) x factors. Of numbers regression scores, of ordered answers
            posterior modes (lavaan's ``lavPredict`` with ``method = "EBM"``), with the answers that are there. Where
            variances are below zero, or covariances of factors or residuals are not positive definite, NaN for
            ordered answers, and no standard errors for numbers.

        Raises
        ------
        ArgumentError
            The analysis began with a covariance matrix, or its search did not converge.

        Warns
        -----
        ImproperSolutionWarning
            The solution is improper, so that scores would rest on what cannot be right.
        """
        with one_thread():
            return respondents.factor_scores(self._fit, self._answers, se, self.improper)

    def to_frame(self) -> pd.DataFrame:
        """The table of parameters."""
        return self.parameters.copy()

    def __repr__(self) -> str:
        fit = self.fit_measures
        return (
            f"<CFAResult: {n_of(len(self.factors), 'factor')} of {len(self.items)} items, {self.estimator}, n "
            f"{out_of(self.n_respondents, self.n_omitted)}, {self._flag()}"
            f"{self._named('cfi')}, {self._named('rmsea')}, SRMR {shown(fit['srmr'])}>"
        )

    def _flag(self) -> str:
        """What a reader must not miss, for the one line."""
        improper = "IMPROPER, " if self.improper else ""
        return improper if self.converged else "NOT CONVERGED, "

    def _kind(self, name: str) -> str:
        """Of a measure the robust, the scaled or the plain one, the first that is there: the end of its name."""
        there = (end for end in (".robust", ".scaled") if not np.isnan(self.fit_measures.get(name + end, np.nan)))
        return next(there, "")

    def _best(self, name: str) -> float:
        """The robust, the scaled or the plain measure, the first that is there."""
        return float(self.fit_measures.get(name + self._kind(name), np.nan))

    def _named(self, name: str) -> str:
        """That measure with its name, as readers see them."""
        return f"{self._kind(name)[1:]} {name.upper()} {shown(self._best(name))}".lstrip()

    def _heading(self) -> str:
        groups = f", {n_of(self.n_groups, 'group')}" if self.n_groups > 1 else ""
        return f"Confirmatory factor analysis: {n_of(len(self.factors), 'factor')} of {len(self.items)} items{groups}"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        return parameter_rows(self.parameters, self.groups if self.n_groups > 1 else ())

    def _sentences(self) -> Sequence[str]:
        fit = self.fit_measures
        clusters = f" in {self.n_clusters} clusters" if self.n_clusters else ""
        groups = f"; groups: {', '.join(map(str, self.groups))}" if self.groups else ""
        found = [
            f"{METHODS[self.estimator]}; {out_of(self.n_respondents, self.n_omitted)} respondents{clusters}, "
            f"missing answers {self.missing}{groups}.",
            *([unlabelled_words(self.n_unlabelled)] if self.n_unlabelled else []),
            *([f"An improper solution, not to be interpreted: {listed(self.improper)}."] if self.improper else []),
        ]
        if not self.converged:
            return [*found, *self.warnings]
        scaled = not np.isnan(fit["chisq.scaled"])
        suffix = ".scaled" if scaled else ""
        found.append(
            f"χ² {shown(fit[f'chisq{suffix}'])}{' (scaled)' if scaled else ''}, df {fit['df']:.0f}, "
            f"{shown_p(fit[f'pvalue{suffix}'])}; {self._named('cfi')}, {self._named('tli')}, {self._named('rmsea')} "
            f"(90% interval {self._interval()}), SRMR {shown(fit['srmr'])}."
        )
        if self.thresholds is not None:
            found.append("The thresholds of the ordered items are in .thresholds.")
        if len(self.factors) > 1 and self.n_groups == 1:
            found.append(f"Factor correlations: {correlation_words(self.factors, self.factor_correlations)}.")
        return [*found, *self.warnings]

    def _interval(self) -> str:
        ends = (f"rmsea.ci.{end}{self._kind('rmsea')}" for end in ("lower", "upper"))
        low, high = (float(self.fit_measures.get(end, np.nan)) for end in ends)
        return shown_interval(low, high)
