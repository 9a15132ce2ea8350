"""Synthetic studies whose truth is known: an ordinal factor model with teams in sites."""

from movement_readiness.simulation.results import SimulatedStudy, SimulationTruth
from movement_readiness.simulation.simulate import simulate_responses

__all__ = ["SimulatedStudy", "SimulationTruth", "simulate_responses"]
