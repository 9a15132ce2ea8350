"""`RevealedPage`: a page that a team has seen, with the people it was made from."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

__all__ = ["RevealedPage"]


class RevealedPage(NamedTuple):
    """A page that was shown to a team at the end of a session, made of that team alone.

    Attributes
    ----------
    site, team, wave, form : str
    response_ids : collection of str
        The responses that it was made from; later reports are compared with them.
    shown : bool
        Whether it showed any number; a page of too few people shows none.
    """

    site: str
    team: str
    wave: str
    form: str
    response_ids: Collection[str]
    shown: bool = True
