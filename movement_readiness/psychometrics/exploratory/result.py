"""What an exploratory factor analysis found: `EFAResult`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from movement_readiness._validation import check_choice
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._analysed import DESCRIPTIVE, SINGULAR, frame_of, not_invertible
from movement_readiness.psychometrics.correlation._smoothing import smallest_eigenvalue
from movement_readiness.psychometrics.exploratory.respondents import Calibrated, scored
from movement_readiness.psychometrics.exploratory.scores import SCORES, determinacy, score_weights
from movement_readiness.psychometrics.results import Result, counted, shown, shown_interval, shown_p, within

if TYPE_CHECKING:
    import pandas as pd

    from movement_readiness.psychometrics.rotation import Rotation

__all__ = ["EFAResult", "heywood_words"]

_METHODS = {"minres": "Minimum residuals", "ml": "Maximum likelihood", "paf": "Principal axes"}


def heywood_words(items: tuple[Any, ...]) -> str:
    """The items of a Heywood case, as a sentence; nothing where there are none."""
    return f"Heywood case: {', '.join(map(str, items))} (uniqueness of .005 or less)." if items else ""


@dataclass(frozen=True, repr=False, eq=False)
class EFAResult(Result):
    """An exploratory factor analysis; made by `efa`. Every number at full precision.

    Attributes
    ----------
    loadings : DataFrame, items x factors
        Pattern loadings: regression weights of standardised items on the factors.
    factor_correlations : DataFrame, factors x factors
        The identity after an orthogonal rotation.
    structure : DataFrame, items x factors
        Correlations of items and factors, loadings @ factor_correlations.
    communalities, uniquenesses : Series, by item
        diag(loadings @ factor_correlations @ loadings') and one minus it. Of minres and paf it can lie below zero in a
        Heywood case: minres holds the uniquenesses that it searches over at .005, not those its loadings leave.
    variance : DataFrame, by factor
        ss_loadings (explained variance in items), proportion (of all items), cumulative, proportion_explained (of what
        the factors explain), determinacy (correlation of regression scores with the factor).
    fit : Series
        chisq, df, pvalue, rmsea, rmsea_ci_low, rmsea_ci_high (90 %), tli, cfi, rmsr, rmsr_corrected, bic, objective,
        null_chisq, null_df; NaN where n is not known or the matrix has no inverse.
    residuals : DataFrame, items x items
        Observed minus reproduced correlations; the diagonal holds the uniquenesses.
    correlations : DataFrame, items x items
        The analysed matrix.
    rotation : Rotation
        Criterion value, starts, local optima with how often each was found, transformation.
    unrotated : DataFrame, items x factors
    heywood : tuple
        The items whose uniqueness is .005 or less.
    converged : bool
        Of extraction and rotation.
    method, correlation, missing : str
    n_respondents : float
        Respondents with any answer (pairwise) or all answers (listwise); NaN for a matrix without ``n_obs``.
    """

    loadings: pd.DataFrame
    factor_correlations: pd.DataFrame
    structure: pd.DataFrame
    communalities: pd.Series
    uniquenesses: pd.Series
    variance: pd.DataFrame
    fit: pd.Series
    residuals: pd.DataFrame
    correlations: pd.DataFrame
    rotation: Rotation
    unrotated: pd.DataFrame
    heywood: tuple[Any, ...]
    converged: bool
    method: str
    correlation: str
    missing: str
    n_respondents: float
    _calibrated: Calibrated | None = field(default=None)
    _pairs: str = ""
    _said: str = ""

    @property
    def n_factors(self) -> int:
        """How many factors there are."""
        return self.loadings.shape[1]

    @property
    def n_items(self) -> int:
        """How many items there are."""
        return self.loadings.shape[0]

    def score_weights(self, *, method: str = "regression") -> pd.DataFrame:
        """Weights of standardised answers in the factor scores, items x factors.

        Parameters
        ----------
        method : {"regression", "bartlett", "ten_berge"}
            regression: R^-1 S (Thurstone 1935, with the observed R); bartlett: unbiased; ten_berge: scores that
            correlate as the factors do (ten Berge, Krijnen, Wansbeek & Shapiro 1999,
            doi:10.1016/S0024-3795(97)10007-6).
        """
        check_choice("method", method, SCORES)
        self._check_invertible(method)
        weights = score_weights(
            self.correlations.to_numpy(), self.loadings.to_numpy(), self.factor_correlations.to_numpy(), method
        )
        return frame_of(weights, self.loadings.index, self.loadings.columns)

    def determinacy(self, *, method: str = "regression") -> pd.Series:
        """Correlation of each factor with its score, by factor; its square is psych's R2 of the scores.

        Parameters
        ----------
        method : {"regression", "bartlett", "ten_berge"}
        """
        import pandas as pd

        weights = self.score_weights(method=method).to_numpy()
        found = determinacy(weights, self.correlations.to_numpy(), self.structure.to_numpy())
        return pd.Series(found, index=self.loadings.columns, name="determinacy")

    def factor_scores(
        self, items: Any, *, method: str = "regression", values: str = "auto", missing: str = "nan"
    ) -> pd.DataFrame:
        """Score respondents, new ones too (one is enough), with the calibration's means, SDs and thresholds.

        Parameters
        ----------
        items : item frame or array
            The items of the analysis by name, in any order (further columns are left aside); an array in the
            analysis's order.
        method : {"regression", "bartlett", "ten_berge"}
        values : {"auto", "codes", "latent"}
            "codes" standardises the answers' numbers by the calibration's mean and standard deviation (as psych does,
            for polychoric analyses too; not where the analysis began with a `PolychoricResult`, which has neither);
            "latent" puts in place of a category the mean of the standard normal between its two thresholds,
            (density(low) - density(high)) / (probability between them); "auto" is "latent" for a polychoric analysis,
            else "codes".
        missing : {"nan", "available"}
            A respondent with a missing answer gets NaN, because scores from fewer items are less determinate and
            nothing in the number would show it. "available" computes the weights anew from the items the respondent
            did answer (for regression the conditional mean of the factors given them); NaN when none was.

        Returns
        -------
        DataFrame, respondents x factors
            With the row labels of ``items``.

        Warns
        -----
        StrayCodeWarning
            With "codes", an answer outside those of the analysis (of measurements: far outside).

        Examples
        --------
        >>> import numpy as np, movement_readiness as mr
        >>> rng = np.random.default_rng(1)
        >>> answers = np.rint(3 + rng.normal(size=(200, 1)) + rng.normal(size=(200, 4))).clip(1, 5)
        >>> found = mr.efa(answers, n_factors=1)
        >>> found.factor_scores([[5, 5, 5, 5]]).shape
        (1, 1)
        """
        check_choice("method", method, SCORES)
        check_choice("missing", missing, ("nan", "available"))
        if self._calibrated is None:
            raise ArgumentError(
                "items: expected scores of an analysis of answers; this one began with a correlation matrix, which has "
                "no means and standard deviations. Multiply standardised answers by score_weights() instead."
            )
        self._check_invertible(method)
        matrices = (self.correlations.to_numpy(), self.loadings.to_numpy(), self.factor_correlations.to_numpy())
        rows, found = scored(self._calibrated, items, matrices, method, values, missing)
        return frame_of(found, rows, self.loadings.columns)

    def _check_invertible(self, method: str) -> None:
        smallest = float(np.linalg.eigvalsh(self.correlations.to_numpy())[0])
        if method != "bartlett" and smallest < SINGULAR:
            raise ArgumentError(
                f"method: {method} scores need a positive definite correlation matrix; its smallest eigenvalue is "
                f"{smallest:.3g}. Use method='bartlett', or analyse a smoothed matrix."
            )

    def to_frame(self) -> pd.DataFrame:
        """Loadings with communality, uniqueness and complexity (Hofmann's), one row an item."""
        frame = self.loadings.copy()
        squares = self.loadings.to_numpy() ** 2
        frame["communality"] = self.communalities
        frame["uniqueness"] = self.uniquenesses
        frame["complexity"] = squares.sum(axis=1) ** 2 / np.sum(squares**2, axis=1)
        return frame

    def __repr__(self) -> str:
        return (
            f"<EFAResult: {counted(self.n_factors, 'factor')} of {self.n_items} items, "
            f"{self._kind()}, {self.method}, {self.rotation.method}, n {self._count()}, "
            f"RMSEA {shown(self.fit['rmsea'])}, RMSR {shown(self.fit['rmsr'])}>"
        )

    def _count(self) -> str:
        return "unknown" if np.isnan(self.n_respondents) else f"{self.n_respondents:.0f}"

    def _kind(self) -> str:
        """The correlations as they are written within a sentence."""
        if self.correlation == "given":
            return f"a given correlation matrix{self._said}"
        return within(f"{self.correlation.capitalize()} correlations")

    def words(self) -> str:
        """Extraction, rotation, correlations and respondents, in a sentence without its stop."""
        dealt = f", missing answers {self.missing}" if self.missing else ""
        return (
            f"{_METHODS[self.method]} from {self._kind()} of {self.n_items} items; {self.rotation.method} rotation of "
            f"{counted(self.n_factors, 'factor')}; {self._respondents()}{dealt}"
        )

    def _heading(self) -> str:
        return f"Exploratory factor analysis: {counted(self.n_factors, 'factor')} of {self.n_items} items"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        headings = ["Item", *map(str, self.loadings.columns), "Communality", "Uniqueness", "Complexity"]
        table = self.to_frame()
        return headings, [
            [str(item), *(shown(number, 2) for number in row)]
            for item, row in zip(table.index, table.to_numpy(), strict=True)
        ]

    def _sentences(self) -> Sequence[str]:
        fit = self.fit
        dealt = f", missing answers {self.missing}" if self.missing else ""
        limits = shown_interval(fit["rmsea_ci_low"], fit["rmsea_ci_high"])
        measures = (
            f"χ² {shown(fit['chisq'])} (Bartlett's factor), df {fit['df']:.0f}, {shown_p(fit['pvalue'])}; RMSEA "
            f"{shown(fit['rmsea'])} (90% interval {limits}), TLI {shown(fit['tli'])}, CFI {shown(fit['cfi'])}, "
            f"RMSR {shown(fit['rmsr'])}.{self._caution()}"
        )
        if smallest_eigenvalue(self.correlations.to_numpy()) < SINGULAR:
            measures = f"RMSR {shown(fit['rmsr'])}. {not_invertible(self.correlations.to_numpy())}"
        sentences = [
            f"{_METHODS[self.method]} from {self._kind()}; {self._respondents()}{dealt}.",
            self._rotation_sentence(),
            measures,
            "Explained variance: "
            + ", ".join(f"{name} {share:.1%}" for name, share in self.variance["proportion"].items())
            + f"; together {self.variance['cumulative'].iloc[-1]:.1%}.",
        ]
        if self.rotation.oblique:
            sentences.append(f"Factor correlations: {self._correlation_words()}.")
        if self.heywood:
            sentences.append(heywood_words(self.heywood))
        return sentences

    def _respondents(self) -> str:
        if np.isnan(self.n_respondents):
            return "number of respondents unknown (chi-square, RMSEA and their like need it: give n_obs=)"
        return f"{self._count()} respondents{self._pairs}"

    def _caution(self) -> str:
        normal = self.correlation == "pearson" or (self.correlation == "given" and not self._said)
        latent = not normal and np.isfinite(self.fit["chisq"])
        return f" {DESCRIPTIVE}" if latent else ""

    def _rotation_sentence(self) -> str:
        turned = self.rotation
        if turned.method == "none":
            return "Not rotated."
        kaiser = "Kaiser normalisation in its varimax step only"
        if isinstance(turned.normalized, bool):
            kaiser = f"{'with' if turned.normalized else 'without'} Kaiser normalisation"
        often = f", the best found by {turned.optima[0][1]}" if turned.n_local_optima > 1 else ""
        optima = "one optimum" if turned.n_local_optima == 1 else f"{turned.n_local_optima} distinct optima"
        options = "".join(f" ({name} {value:g})" for name, value in turned.options)
        name = f"{turned.method.replace('_', ' ')}{options}"
        return f"Rotation: {name}, {kaiser}; {optima} in {turned.n_starts} starts{often}."

    def _correlation_words(self) -> str:
        names, table = self.factor_correlations.columns, self.factor_correlations.to_numpy()
        return ", ".join(
            f"{names[i]}–{names[j]} {shown(table[i, j], 2)}"
            for i in range(len(names))
            for j in range(i + 1, len(names))
        )
