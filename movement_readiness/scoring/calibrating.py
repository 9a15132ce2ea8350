"""`calibrate`: the measurement model of an instrument, fitted once to a sample."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np

from movement_readiness._validation import check_choice, n_of, quoted
from movement_readiness.exceptions import (
    ArgumentError,
    EmptyCategoryWarning,
    MovementReadinessWarning,
    NonConvergenceWarning,
    TooFewClustersWarning,
    TooFewRespondentsWarning,
)
from movement_readiness.instrument import Instrument
from movement_readiness.psychometrics.results import give_warning
from movement_readiness.scoring.calibration import Calibration
from movement_readiness.scoring.checks import check_instrument
from movement_readiness.scoring.comparing import compare_scores
from movement_readiness.scoring.factors import factor_scores
from movement_readiness.scoring.frames import open_frame
from movement_readiness.scoring.scores import item_matrix

if TYPE_CHECKING:
    import pandas as pd

    from movement_readiness.psychometrics.confirmatory import CFAResult

__all__ = ["calibrate"]

STRUCTURES = ("correlated", "one_factor", "second_order")
_TEAM = ("site", "team")
_ENOUGH = 200  # of respondents: below, weighted least squares of ordered items is known to wander


def calibrate(
    responses: Any,
    instrument: Instrument,
    *,
    structure: str = "correlated",
    separate: bool = False,
    description: str = "",
) -> Calibration:
    """Fit the measurement model of an instrument once, to score answers with it ever after.

    Parameters
    ----------
    responses : data frame
        Codes as given, as for `score_scales`; every item of the model must be a column. Answers of several waves or
        forms may stand together.
    instrument : Instrument
    structure : {"correlated", "one_factor", "second_order"}
        As in `Instrument.measurement_model`. The domain factors of a bifactor model are what is left of domains, no
        domains; it is for `cfa` alone.
    separate : bool, default False
        Also the scales that stand apart (ours: programme pull). Left out by default, so that what people say of
        programmes does not move their domain scores.
    description : str
        Of the sample: where, when, who. It is kept with the calibration.

    Returns
    -------
    Calibration

    Raises
    ------
    ArgumentError
        No more respondents than items, an item with one answer only, items missing from the columns, a search that
        did not converge, items explained beyond all of their variance, factors that cannot be told apart.
    ResponsesError
        As for `score_scales`.

    Warns
    -----
    TooFewRespondentsWarning
        Fewer than 200 respondents.
    EmptyCategoryWarning
        Nobody in the sample chose a response option: when scoring, it counts as the next one towards the middle.
    HeywoodWarning, NotPositiveDefiniteWarning, NearPerfectCorrelationWarning
        From the fit; the sentences stay in ``warnings``.

    Notes
    -----
    WLSMV (`cfa`) with every pair of answers there is (missing answers "pairwise"), factors of mean 0 and variance 1,
    each turned so that its keyed items together go with it, also where one of them goes against the others.
    Where the columns site and team are there, tests of fit allow for people in teams; loadings and thresholds do not
    depend on that. A sample is wanted that stands for those who will be scored: the T metric's 50 and 10 are its
    population's. Recovery of known truth, and scores that stay the same through JSON, are in the tests.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> from movement_readiness.scoring import calibrate, factor_scores
    >>> instrument = mr.load_instrument()
    >>> study = mr.simulate_responses(instrument, n_sites=4, seed=1)
    >>> calibration = calibrate(study.responses, instrument)
    >>> calibration.loadings.loc["R1"].round(2).to_dict()["rational"] > 0.5
    True
    >>> scores = factor_scores(study.responses, calibration)
    >>> bool(abs(scores["rational"].mean() - 50) < 1)
    True
    """
    from movement_readiness.psychometrics.confirmatory import cfa

    check_instrument(instrument)
    if structure == "bifactor":
        raise ArgumentError(
            f"structure: expected one of {quoted(STRUCTURES)}; the domain factors of 'bifactor' are what is left of "
            "domains, and no scores of them. Fit it with cfa()."
        )
    check_choice("structure", structure, STRUCTURES)
    if not isinstance(description, str):
        raise ArgumentError(f"description: expected a text; got {description!r}.")
    model = instrument.measurement_model(structure, separate=separate)
    matrix = _pandas(item_matrix(responses, instrument))
    columns = _pandas(responses)
    lost = [item for item in _items_of(model, instrument) if item not in matrix.columns]
    if lost:
        raise ArgumentError(f"responses: expected every item of the model; {quoted(lost)} are no columns.")
    matrix = matrix[_items_of(model, instrument)]
    _check_enough(matrix)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MovementReadinessWarning)
        fit = cfa(
            matrix, model, estimator="wlsmv", missing="pairwise", std_lv=True, cluster=_teams(columns, len(matrix))
        )
    _check(fit)
    _pass_on(caught)
    few = _few(fit.n_respondents)
    return _calibration(fit, matrix, columns, instrument, structure, description, few)


def _pandas(frame: Any) -> pd.DataFrame:
    opened = open_frame(frame)
    eager = opened.collect() if isinstance(opened, nw.LazyFrame) else opened
    found: pd.DataFrame = eager.to_pandas()
    return found.reset_index(drop=True)


def _items_of(model: str, instrument: Instrument) -> list[str]:
    """The items that the model names, in the instrument's order of scales."""
    words = {word.split("*")[-1] for word in model.replace("+", " ").split()}
    return [item for item in instrument.items if item in words]


def _teams(columns: pd.DataFrame, n_rows: int) -> Any:
    """Who sits where, if the responses say so and people do sit together."""
    names = [name for name in _TEAM if name in columns.columns]
    if "team" not in names:
        return None
    labels = columns[names]
    n_teams = labels.dropna().drop_duplicates().shape[0]
    return labels if 2 <= n_teams < n_rows else None


def _check(fit: CFAResult) -> None:
    if not fit.converged:
        raise ArgumentError(
            "responses: expected answers that a model can be fitted to; the search did not converge. "
            + " ".join(fit.warnings)
        )
    shares = fit.r_square[list(fit.items)]
    if (over := shares[shares > 1 + 1e-8]).size:
        raise ArgumentError(
            f"responses: expected items that leave something to chance; the factors explain more than all of "
            f"{quoted([str(item) for item in over.index])} (R-square {over.max():.2f}), which is impossible: "
            "scores would rest on it. Use a larger sample, or look at these items."
        )
    correlations = fit.factor_correlations
    values = np.linalg.eigvalsh(correlations.to_numpy())
    if not values[0] > 1e-6:
        off = np.abs(correlations.to_numpy()) * ~np.eye(len(correlations), dtype=bool)
        one, two = (str(correlations.index[place]) for place in np.unravel_index(off.argmax(), off.shape))
        raise ArgumentError(
            f"responses: expected factors that can be told apart; the factor correlations are not positive definite "
            f"(smallest eigenvalue {values[0]:.2g}; {one!r} with {two!r}, {off.max():.2f} in size). Use a "
            "larger sample, or structure='one_factor'."
        )


def _check_enough(matrix: pd.DataFrame) -> None:
    n, n_items = int(matrix.notna().any(axis=1).sum()), matrix.shape[1]
    if n <= n_items:
        raise ArgumentError(
            f"responses: expected more respondents than items, of which the model has {n_items}, and better "
            f"{_ENOUGH} or more; got {n_of(n, 'respondent')} with answers. Gather more answers, or give score_scales() "
            "these: it needs no calibration."
        )


def _few(n: int) -> list[str]:
    """Say, and warn, that the sample is small."""
    if n >= _ENOUGH:
        return []
    sentence = (
        f"responses: {n_of(n, 'respondent')} are few for a calibration, whose loadings and thresholds all later scores "
        f"rest on; gather {_ENOUGH} or more (better 500) before these scores are used for more than a trial."
    )
    give_warning(sentence, TooFewRespondentsWarning)
    return [sentence]


def _pass_on(caught: list[warnings.WarningMessage]) -> None:
    for one in caught:
        if not issubclass(one.category, (NonConvergenceWarning, TooFewClustersWarning)):
            give_warning(str(one.message), one.category)


def _calibration(
    fit: CFAResult,
    matrix: pd.DataFrame,
    columns: pd.DataFrame,
    instrument: Instrument,
    structure: str,
    description: str,
    few: list[str],
) -> Calibration:
    import pandas as pd

    from movement_readiness import __version__

    table = fit.parameters
    loads = table[(table["op"] == "=~") & table["rhs"].isin(fit.items)]
    loadings = pd.DataFrame(0.0, index=pd.Index(fit.items), columns=pd.Index(fit.factors))
    for row in loads.to_dict("records"):
        loadings.loc[row["rhs"], row["lhs"]] = row["std_all"]
    cuts = table[table["op"] == "|"]
    thresholds = {item: tuple(map(float, cuts.loc[cuts["lhs"] == item, "std_all"])) for item in fit.items}
    categories = {item: tuple(int(x) for x in np.unique(matrix[item].dropna())) for item in fit.items}
    said = (*fit.warnings, *few, *_unused(categories, instrument))
    turn = _turns(fit)
    first = Calibration(
        instrument=instrument,
        structure=structure,
        model=fit.model,
        estimator=fit.estimator,
        missing=fit.missing,
        factors=fit.factors,
        loadings=loadings * turn,
        thresholds=thresholds,
        categories=categories,
        factor_correlations=fit.factor_correlations * np.outer(turn, turn),
        fit=fit.fit_measures,
        sample=_sample(matrix, columns, fit.n_respondents),
        provenance=_provenance(columns),
        comparison=pd.DataFrame(),
        description=description,
        created_on=datetime.datetime.now(datetime.UTC).date().isoformat(),
        software=__version__,
        warnings=said,
    )
    kept = columns[[name for name in columns.columns if name in instrument.items]]
    return replace(first, comparison=compare_scores(factor_scores(kept, first), first))


def _turns(fit: CFAResult) -> np.ndarray:
    """For each factor -1 where it goes against the sum of its keyed items (of its factors, if it is a higher one)."""
    loads = fit.parameters[fit.parameters["op"] == "=~"]
    turn = dict.fromkeys(fit.factors, 1.0)
    for factor in fit.factors:
        own = loads[loads["lhs"] == factor]
        total = sum(load * turn.get(name, 1.0) for name, load in zip(own["rhs"], own["std_all"], strict=True))
        turn[factor] = -1.0 if total < 0 else 1.0
    return np.array([turn[factor] for factor in fit.factors])


def _unused(categories: Mapping[str, tuple[int, ...]], instrument: Instrument) -> list[str]:
    """Say, and warn, which response options nobody chose."""
    lost = []
    for item, used in categories.items():
        scale = instrument.response_scale(item)
        keyed = {code if instrument.key(item) == 1 else scale.low + scale.high - code for code in scale.codes}
        if gone := sorted(keyed - set(used)):
            lost.append(f"{item!r} ({', '.join(map(str, gone))})")
    if not lost:
        return []
    sentence = (
        f"responses: nobody chose some response options of {', '.join(lost)} (keyed codes); when scoring, such an "
        "answer counts as the next one towards the middle that somebody chose. A larger sample may hold them."
    )
    give_warning(sentence, EmptyCategoryWarning)
    return [sentence]


def _provenance(columns: pd.DataFrame) -> str:
    if "synthetic" not in columns.columns or columns["synthetic"].isna().all():
        return "not said"
    marked = columns["synthetic"].dropna().astype(bool)
    return "synthetic" if marked.all() else "mixed" if marked.any() else "field"


def _sample(matrix: pd.DataFrame, columns: pd.DataFrame, n_respondents: int) -> dict[str, Any]:
    def labels(name: str) -> list[str] | None:
        return sorted(map(str, columns[name].dropna().unique())) if name in columns.columns else None

    sites, days = labels("site"), labels("submitted_on")
    teams = [name for name in _TEAM if name in columns.columns]
    return {
        "n_respondents": int(n_respondents),
        "n_sites": None if sites is None else len(sites),
        "n_teams": len(columns[teams].dropna().drop_duplicates()) if "team" in teams else None,
        "waves": labels("wave"),
        "forms": labels("form"),
        "missing_share": float(matrix.isna().to_numpy().mean()),
        "first_day": days[0][:10] if days else None,
        "last_day": days[-1][:10] if days else None,
    }
