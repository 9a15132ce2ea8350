"""Reliability: alpha, omega, retest, and what follows for single scores."""

from movement_readiness.psychometrics.reliability.alpha import AlphaResult, cronbach_alpha
from movement_readiness.psychometrics.reliability.error import (
    MeasurementErrorResult,
    standard_error_of_measurement,
)
from movement_readiness.psychometrics.reliability.omega import OmegaResult, mcdonald_omega
from movement_readiness.psychometrics.reliability.retest import RetestResult, retest_icc
from movement_readiness.psychometrics.reliability.smallest_change import (
    SmallestChangeResult,
    smallest_detectable_change,
)

__all__ = [
    "AlphaResult",
    "MeasurementErrorResult",
    "OmegaResult",
    "RetestResult",
    "SmallestChangeResult",
    "cronbach_alpha",
    "mcdonald_omega",
    "retest_icc",
    "smallest_detectable_change",
    "standard_error_of_measurement",
]
