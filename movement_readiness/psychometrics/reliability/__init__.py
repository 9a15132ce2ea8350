"""Reliability: alpha, omega, retest, and what follows for single scores."""

from movement_readiness.psychometrics.reliability.alpha import AlphaResult, cronbach_alpha

__all__ = ["AlphaResult", "cronbach_alpha"]
