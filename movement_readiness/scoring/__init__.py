"""From answers to scores: keys are applied here and nowhere else.

`frames` opens any data frame, `checks` refuses what cannot be scored, `expressions` holds the rules of
scoring as narwhals expressions, `scores` puts them together.
"""

from movement_readiness.scoring.scores import item_matrix, score_scales

__all__ = ["item_matrix", "score_scales"]
