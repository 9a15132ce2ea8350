"""What was asked of `cfa`, and what does not go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics.confirmatory.specification import ModelOptions
from movement_readiness.psychometrics.confirmatory.syntax import Statement

__all__ = ["ESTIMATORS", "ORDINAL", "Asked", "check_together"]

ESTIMATORS = ("ml", "mlr", "uls", "dwls", "wlsmv")
ORDINAL = ("dwls", "wlsmv")


@dataclass(frozen=True, slots=True)
class Asked:
    """The arguments of `cfa`, checked."""

    model: str
    statements: tuple[Statement, ...]
    items: tuple[str, ...]
    estimator: str
    missing: str
    ordered: bool
    meanstructure: bool | None
    clustered: bool
    std_lv: bool
    orthogonal: bool
    parameterization: str
    group_equal: tuple[str, ...]
    group_partial: tuple[str, ...]

    def options(self, n_groups: int, thresholds: dict[str, int]) -> ModelOptions:
        """What is asked of the table of parameters; refuses equalities across groups where there is one group."""
        for argument, given in (("group_equal", self.group_equal), ("group_partial", self.group_partial)):
            if given and n_groups == 1:
                raise ArgumentError(
                    f"{argument}: expected only with group= and answers of two groups or more; got {quoted(given)} "
                    "and one group."
                )
        named = any(statement.op == "~1" for statement in self.statements)
        tied = {"intercepts", "means"} & set(self.group_equal)
        needed = self.missing == "fiml" or named or bool(tied)
        wanted = n_groups > 1 or self.clustered if self.meanstructure is None else bool(self.meanstructure)
        equal = self.group_equal
        if thresholds and "intercepts" in equal and "thresholds" not in equal:  # of ordered items they mean the same
            equal = (*equal, "thresholds")
        return ModelOptions(
            n_groups=n_groups,
            std_lv=self.std_lv,
            orthogonal=self.orthogonal,
            meanstructure=needed or wanted,
            group_equal=equal,
            partial=self.group_partial,
            thresholds=thresholds,
            parameterization=self.parameterization,
        )


def check_together(asked: Asked, cluster: Any) -> None:
    """Refuse arguments that do not go together."""
    if asked.ordered and asked.estimator in {"ml", "mlr"}:
        raise ArgumentError(
            f"ordered: expected estimator='wlsmv' (or 'dwls', 'uls') for ordered items; got {asked.estimator!r}."
        )
    if not asked.ordered and asked.estimator in ORDINAL:
        raise ArgumentError(f"ordered: expected True with estimator={asked.estimator!r}, which is for ordered items.")
    if asked.ordered and asked.missing == "fiml":
        raise ArgumentError("missing: expected 'listwise' or 'pairwise' for ordered items; 'fiml' needs ml or mlr.")
    if asked.missing == "pairwise" and not asked.ordered:
        raise ArgumentError("missing: expected 'listwise' or 'fiml'; 'pairwise' is for ordered items.")
    if asked.missing == "fiml" and asked.estimator == "uls":
        raise ArgumentError("missing: expected 'listwise' with estimator='uls'; 'fiml' needs ml or mlr.")
    if cluster is not None and asked.estimator not in {"mlr", "wlsmv"}:
        raise ArgumentError(
            f"cluster: expected estimator='mlr' or 'wlsmv', whose errors can be robust; got {asked.estimator!r}."
        )
