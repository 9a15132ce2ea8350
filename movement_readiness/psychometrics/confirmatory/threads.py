"""One thread for linear algebra: matrices of this size only make several wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

__all__ = ["one_thread"]


@lru_cache(maxsize=1)
def _known() -> ThreadpoolController:
    """The libraries of this process."""
    import scipy.linalg  # noqa: F401 - loads a library of its own, which the controller has to see

    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_thread() -> Iterator[None]:
    """Within this, linear algebra runs in one thread."""
    with _known().limit(limits=1):
        yield
