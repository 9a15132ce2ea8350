"""From answers to scores: keys are applied here and nowhere else.

`frames` opens any data frame, `checks` refuses what cannot be scored, `expressions` holds the rules of
scoring as narwhals expressions, `scores` puts them together. `calibrating` fits the measurement model once,
`calibration` keeps it (`calibration_file` as JSON), `factors` scores with it, `comparing` lays that beside the simple
scores. What needs a factor model is loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from movement_readiness.scoring.scores import item_matrix, score_scales

if TYPE_CHECKING:
    from movement_readiness.scoring.calibrating import calibrate
    from movement_readiness.scoring.calibration import Calibration
    from movement_readiness.scoring.comparing import compare_scores
    from movement_readiness.scoring.factors import factor_scores

__all__ = ["Calibration", "calibrate", "compare_scores", "factor_scores", "item_matrix", "score_scales"]

_HOMES = {
    "Calibration": "calibration",
    "calibrate": "calibrating",
    "compare_scores": "comparing",
    "factor_scores": "factors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'movement_readiness.scoring' has no attribute {name!r}")
    return getattr(import_module(f"movement_readiness.scoring.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
