"""How many factors: parallel analysis, MAP, empirical Kaiser, Hull, and all of them side by side."""

from movement_readiness.psychometrics.retention.parallel import ParallelAnalysisResult, parallel_analysis
from movement_readiness.psychometrics.retention.result import RetentionResult
from movement_readiness.psychometrics.retention.single import MAPResult, empirical_kaiser, hull, map_test
from movement_readiness.psychometrics.retention.summary import RetentionSummary, retention_summary

__all__ = [
    "MAPResult",
    "ParallelAnalysisResult",
    "RetentionResult",
    "RetentionSummary",
    "empirical_kaiser",
    "hull",
    "map_test",
    "parallel_analysis",
    "retention_summary",
]
