"""The store of responses: append-only events on SQLite or PostgreSQL."""

from movement_readiness.workshop.store.frame import Version
from movement_readiness.workshop.store.merging import MergeSummary
from movement_readiness.workshop.store.sittings import Counts
from movement_readiness.workshop.store.store import ResponseStore

__all__ = ["Counts", "MergeSummary", "ResponseStore", "Version"]
