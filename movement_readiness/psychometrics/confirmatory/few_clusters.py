"""What is said where there are fewer clusters than cluster-robust errors and tests need."""

from __future__ import annotations

from movement_readiness._validation import n_of
from movement_readiness.exceptions import TooFewClustersWarning
from movement_readiness.psychometrics.confirmatory.fitting import Fit
from movement_readiness.psychometrics.confirmatory.reading import Answers

__all__ = ["too_few_clusters"]

_TESTS = {
    "mlr": "rejects models that are true far too often (its p values are too small)",
    "wlsmv": "varies too little and rejects only models that are far off (its p values are too near .5)",
}


def too_few_clusters(fit: Fit, answers: Answers | None) -> list[tuple[type[Warning], str]]:
    """A finding where n clusters - 1 is less than the free parameters, or the degrees of freedom, of the model.

    The covariance of the slopes, and that of the moments, has no higher rank than the clusters have differences.
    """
    count = None if answers is None else answers.n_clusters
    if answers is None or count is None or count - 1 >= max(fit.model.n_free, fit.df):
        return []
    sentence = (
        f"cluster: {n_of(count, 'cluster')} are fewer than this model has free parameters or degrees of freedom. The "
        "estimates hold, and robust standard errors do from some 15 clusters on; but the scaled test "
        f"{_TESTS[fit.estimator]}, the more so the fewer clusters. Go by the robust indices and the residuals, fit a "
        "smaller model, or find more clusters."
    )
    return [(TooFewClustersWarning, sentence)]
