"""What is said where missing answers leave moments without an estimate, so that a model has nothing to be tested by."""

from __future__ import annotations

from movement_readiness._validation import quoted
from movement_readiness.exceptions import EstimationWarning
from movement_readiness.psychometrics.confirmatory.fitting import Fit
from movement_readiness.psychometrics.confirmatory.normal_fit import NormalProblem
from movement_readiness.psychometrics.confirmatory.normal_inference import NormalInference
from movement_readiness.psychometrics.confirmatory.normal_sample import NormalSample, uncovered

__all__ = ["without_moments"]


def without_moments(fit: Fit) -> list[tuple[type[Warning], str]]:
    """A finding for the first group whose means and covariances have no estimate without the model."""
    if not isinstance(fit.inference, NormalInference) or not isinstance(fit.objective, NormalProblem):
        return []
    for place, (sample, free) in enumerate(zip(fit.objective.samples, fit.inference.saturated, strict=True)):
        if free is None:
            where = f" of group {place + 1}" if len(fit.n) > 1 else ""
            return [(EstimationWarning, _sentence(sample, fit.model.table.items, where))]
    return []


def _sentence(sample: NormalSample, items: tuple[str, ...], where: str) -> str:
    pairs = [f"{items[first]} with {items[second]}" for first, second in uncovered(sample)]
    if pairs:
        why = f"nobody answered both of {quoted(pairs)}"
    else:
        why = (
            f"{sample.n} respondents with these gaps are too few for {len(items)} items, or an item follows from others"
        )
    return (
        f"The covariances{where} have no estimate without the model: {why}. The estimates hold; there is no chi-square "
        "and no measure of fit. Leave out an item, or find more answers."
    )
