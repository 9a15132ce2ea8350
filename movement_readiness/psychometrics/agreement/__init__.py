"""Do people of one group answer alike, and do groups differ? What allows answers to be put together."""

from movement_readiness.psychometrics.agreement.icc_result import ICCResult
from movement_readiness.psychometrics.agreement.intraclass import evidence_state, icc
from movement_readiness.psychometrics.agreement.within_group import average_deviation, rwg_j

__all__ = ["ICCResult", "average_deviation", "evidence_state", "icc", "rwg_j"]
