"""What a server opens when it starts: the sessions it was told of, or the same ones as before it stopped."""

from __future__ import annotations

from movement_readiness.exceptions import ArgumentError, StoreError
from movement_readiness.workshop.server.options import ServerOptions
from movement_readiness.workshop.sessions import Session
from movement_readiness.workshop.store import ResponseStore

__all__ = ["check_key", "opened_at_start"]

_SAME = ("site", "team", "wave", "form", "rehearsal", "instrument_sha256")
_MORE = {
    "languages": "languages",
    "consent": "consent text",
    "shared_device": "shared device",
    "retest": "code of one's own",
    "withdraw_until": "last day of withdrawal",
}


def opened_at_start(store: ResponseStore, options: ServerOptions) -> tuple[Session, ...]:
    """Open the sessions that were asked for; one that is open already goes on with its code and its tickets.

    Raises
    ------
    ArgumentError, StoreError
        A session asks for people's own codes, and there is no key to hash them with.
    """
    if any(one.retest for one in options.sessions):
        check_key(store)
    found = tuple(_opened(store, one, options) for one in options.sessions)
    if any(one.retest and one.state == "open" for one in store.sessions()):
        _load_key(store, options)
    return found


def check_key(store: ResponseStore) -> None:
    """Get the key of people's own codes now: it may have to be made, and a phone should not wait for that.

    Raises
    ------
    ArgumentError
        A database, and nobody said where its key is.
    StoreError
        The key is lost, is another one, or cannot be made.
    """
    try:
        store.hash_retest(1, "")
    except ArgumentError:
        raise ArgumentError(
            "key_file: people's own codes need a key, and beside a database there is no place for it; name its file "
            "(--key-file)."
        ) from None


def _opened(store: ResponseStore, asked: Session, options: ServerOptions) -> Session:
    same = [one for one in store.sessions() if one.state == "open" and _is_same(one, asked)]
    if not same:
        return store.open_session(asked)
    session = same[-1]
    told = f"{session.site}, {session.team} is open already: it goes on with the same code."
    if asked.head_count > session.head_count:
        session = store.set_head_count(session.session_id, asked.head_count)
        told += f" There is room for {session.head_count} people now."
    if other := [words for name, words in _MORE.items() if getattr(asked, name) != getattr(session, name)]:
        told += f" These stay as they were when it was opened: {', '.join(other)}."
    options.say(told)
    return session


def _is_same(one: Session, other: Session) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _SAME)


def _load_key(store: ResponseStore, options: ServerOptions) -> None:
    """For sessions that were opened elsewhere: other rooms go on even where their key is missing here."""
    try:
        check_key(store)
    except (ArgumentError, StoreError) as error:
        options.say(f"! A session here asks for people's own codes, and their key cannot be had: {error}")
