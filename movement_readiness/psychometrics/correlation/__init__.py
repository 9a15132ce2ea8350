"""Correlations of items: product moments, and of the normal variables behind ordered answers."""

from movement_readiness.psychometrics.correlation.given import given_matrix
from movement_readiness.psychometrics.correlation.matrices import CorrelationResult, correlation_matrix
from movement_readiness.psychometrics.correlation.polychoric import PolychoricResult, polychoric, tetrachoric
from movement_readiness.psychometrics.correlation.polyserial import PolyserialResult, polyserial

__all__ = [
    "CorrelationResult",
    "PolychoricResult",
    "PolyserialResult",
    "correlation_matrix",
    "given_matrix",
    "polychoric",
    "polyserial",
    "tetrachoric",
]
