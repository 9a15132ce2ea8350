"""Rotation: criteria, gradient projection over many starts, and the rotations by name."""

from movement_readiness.psychometrics.rotation.methods import ROTATIONS, Rotation, rotate

__all__ = ["ROTATIONS", "Rotation", "rotate"]
