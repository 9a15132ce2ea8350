"""Do scales measure one thing each, and different things? HTMT, average variance extracted, composite reliability."""

from movement_readiness.psychometrics._bifactor import bifactor_indices
from movement_readiness.psychometrics._factor_shares import average_variance_extracted, composite_reliability
from movement_readiness.psychometrics._htmt import htmt

__all__ = ["average_variance_extracted", "bifactor_indices", "composite_reliability", "htmt"]
