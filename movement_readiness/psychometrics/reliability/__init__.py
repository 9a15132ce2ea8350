"""Reliability: alpha, omega, retest, and what follows for single scores."""

from movement_readiness.psychometrics.reliability.alpha import AlphaResult, cronbach_alpha
from movement_readiness.psychometrics.reliability.omega import OmegaResult, mcdonald_omega

__all__ = ["AlphaResult", "OmegaResult", "cronbach_alpha", "mcdonald_omega"]
