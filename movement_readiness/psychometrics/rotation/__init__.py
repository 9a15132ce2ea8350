"""Rotation: criteria, gradient projection over many starts, and the rotations by name."""

from movement_readiness.psychometrics.rotation.methods import OPTIONS, ROTATIONS, rotate
from movement_readiness.psychometrics.rotation.result import Rotation

__all__ = ["OPTIONS", "ROTATIONS", "Rotation", "rotate"]
