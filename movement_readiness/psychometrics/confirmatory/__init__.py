"""Confirmatory factor analysis: models in lavaan's syntax, continuous and ordered answers, groups, teams."""

from movement_readiness.psychometrics.confirmatory.analysis import cfa
from movement_readiness.psychometrics.confirmatory.comparison import ModelComparison, compare_models
from movement_readiness.psychometrics.confirmatory.result import CFAResult

__all__ = ["CFAResult", "ModelComparison", "cfa", "compare_models"]
