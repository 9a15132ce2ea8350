"""`ResponseForm`: the form as a widget in a notebook or in Voila; answers travel as messages, never as state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from movement_readiness._validation import check_choice
from movement_readiness.exceptions import (
    ArgumentError,
    MovementReadinessError,
    ResponseConflictError,
    ResponseWithdrawnError,
    SessionError,
    StoreError,
    SubmissionError,
)
from movement_readiness.instrument import Instrument
from movement_readiness.responses.response import Response
from movement_readiness.workshop.consent import check_consent_values
from movement_readiness.workshop.content import form_content
from movement_readiness.workshop.paper import paper_fragment
from movement_readiness.workshop.rosters import places_of
from movement_readiness.workshop.sessions import Session, check_name
from movement_readiness.workshop.submission import response_of

__all__ = ["ResponseForm"]

_HERE = Path(__file__).parent


class ResponseForm(anywidget.AnyWidget):
    """A form to answer, as a widget.

    Answers are kept in the browser until they are taken, then they leave it. They reach Python as
    messages and go to `on_submit` alone: no attribute holds one, so a saved notebook holds none either.

    Parameters
    ----------
    instrument : Instrument
    form : str, optional
        A form of the instrument; its first one by default.
    language : str, optional
        The language shown first; the instrument's own by default.
    team, site : str, optional
        Where the answers belong. People never type them: give them here, with `session`, or as a `roster`.
    on_submit : callable, optional
        Called with a checked :class:`Response` for every one that is sent, such as ``store.add``. If it
        raises an error of this package, people read the sentence, and their answers stay where they are.
        Without it the form says that answers are kept nowhere, and offers them as a file.
    wave : str, default "1"
    consent : mapping of name to text, optional
        What fills in the names in braces of the consent text.
    session : Session, optional
        Settles form, languages, site, team, wave, consent, rehearsal, shared device and retest code.
    languages : sequence of str, optional
        The languages to choose from; `language` alone by default.
    roster : sequence of (site, team), sequence of dict, or data frame with columns site and team, optional
        The teams to choose from, when `team` is not given.
    rehearsal : bool, default False
        Answers to try things out; they never mix with real ones.
    shared_device : bool, default False
        Several people answer here in turn: nothing is kept in the browser's storage.
    retest : bool, default False
        Ask for a self-generated code as well; `hash_retest` is then needed.
    hash_retest : callable, optional
        Keyed hash of (element number, text), such as ``store.hash_retest``.

    Attributes
    ----------
    n_sent : int
        Responses taken so far.

    Raises
    ------
    ArgumentError, SessionError
        One sentence: the argument, what was expected, what came.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> from movement_readiness.workshop import ResponseForm
    >>> taken = []
    >>> form = ResponseForm(mr.load_instrument(), "short", site="North", team="A3", on_submit=taken.append)
    >>> form
    <ResponseForm: movement-readiness 0.1.0, form short, 0 responses sent>
    """

    _esm = _HERE / "form.js"
    _css = _HERE / "form.css"
    content = traitlets.Dict().tag(sync=True)
    host = traitlets.Dict().tag(sync=True)

    def __init__(  # noqa: PLR0913  (one widget, everything about it by name)
        self,
        instrument: Instrument,
        form: str | None = None,
        language: str | None = None,
        team: str | None = None,
        site: str | None = None,
        on_submit: Callable[[Response], object] | None = None,
        *,
        wave: str = "1",
        consent: Mapping[str, str] | None = None,
        session: Session | None = None,
        languages: Sequence[str] | None = None,
        roster: Any = None,
        rehearsal: bool = False,
        shared_device: bool = False,
        retest: bool = False,
        hash_retest: Callable[[int, str], str] | None = None,
    ) -> None:
        if not isinstance(instrument, Instrument):
            raise ArgumentError(f"instrument: expected an Instrument; got {type(instrument).__name__}.")
        if on_submit is not None and not callable(on_submit):
            raise ArgumentError(f"on_submit: expected a function that takes a Response; got {on_submit!r}.")
        if session is not None:
            _check_session(session, instrument, form=form, team=team, site=site, roster=roster, consent=consent)
            form, site, team, wave = session.form, session.site, session.team, session.wave
            consent, languages = session.consent, session.languages
            rehearsal, shared_device, retest = session.rehearsal, session.shared_device, session.retest
        if retest and on_submit is not None and not callable(hash_retest):
            raise ArgumentError("hash_retest: expected a function that hashes the code, such as store.hash_retest.")
        chosen = check_choice("form", next(iter(instrument.forms)) if form is None else form, tuple(instrument.forms))
        self._instrument = instrument
        self._on_submit = on_submit
        self._taken: dict[str, str] = {}
        self._places = None if team is not None else places_of(roster, site)
        offered = _languages(instrument, language, languages)
        filled = check_consent_values(instrument, consent) if consent else None
        content = form_content(instrument, chosen, languages=offered, consent=filled, retest=bool(retest))
        self._settled: dict[str, Any] = {
            "form": chosen,
            "languages": offered,
            "site": None if site is None else check_name("site", site),
            "team": None if team is None else check_name("team", team),
            "wave": check_name("wave", wave),
            "session": None if session is None else session.session_id,
            "rehearsal": bool(rehearsal),
            "hash_retest": hash_retest if retest else None,
            "consent_sha256": {name: words["consent"]["sha256"] for name, words in content["words"].items()},
        }
        super().__init__(content=content, host=self._told(bool(shared_device), session))
        self.on_msg(self._received)

    @property
    def n_sent(self) -> int:
        """Responses taken so far."""
        return len(self._taken)

    def _told(self, shared_device: bool, session: Session | None) -> dict[str, Any]:
        place = {name: self._settled[name] for name in ("session", "site", "team", "wave")}
        parts = [self._settled["form"], *(value or "" for value in place.values())]
        return {
            **place,
            "key": "notebook:" + ":".join(parts),
            "rehearsal": self._settled["rehearsal"],
            "shared": shared_device,
            "nowhere": self._on_submit is None,
            "places": None if self._places is None else [list(place) for place in self._places],
            "until": None if session is None else session.withdraw_until.isoformat(),
            "extra": place,
        }

    def _received(self, _widget: object, message: Any, _buffers: object) -> None:
        if not isinstance(message, Mapping) or message.get("kind") != "submit":
            return
        self.send({"n": message.get("n"), **self._answer(message)})

    def _answer(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """What the form is told: taken, or the status that the server would give and the sentence."""
        try:
            response = response_of(message.get("submission"), self._instrument, **self._place(message.get("place")))
            self._take(response)
        except MovementReadinessError as error:
            return {"kind": "refused", "status": _status(error), "message": str(error)}
        except Exception as error:  # whatever a caller's own function does, the answers stay
            said = f"on_submit: the function that takes responses failed ({type(error).__name__}: {error})."
            return {"kind": "refused", "status": 422, "message": said}
        return {"kind": "taken", "status": "stored"}

    def _place(self, chosen: object) -> dict[str, Any]:
        if self._places is None:
            return self._settled
        if isinstance(chosen, bool) or not isinstance(chosen, int) or not 0 <= chosen < len(self._places):
            raise SubmissionError("team: expected one of the teams of the list; got none of them.")
        site, team = self._places[chosen]
        return {**self._settled, "site": site, "team": team}

    def _take(self, response: Response) -> None:
        # The acknowledgement of a response may be lost; it then comes again, and is the same one.
        known = self._taken.get(response.response_id)
        if known == response.content_sha256:
            return
        if known is not None:
            raise ResponseConflictError(f"response_id: {response.response_id!r} came before with other answers.")
        if self._on_submit is None:
            raise SessionError("This form does not collect answers.", "closed")
        self._on_submit(response)
        self._taken[response.response_id] = response.content_sha256

    def __repr__(self) -> str:
        name, version = self._instrument.id, self._instrument.version
        sent = "1 response" if self.n_sent == 1 else f"{self.n_sent} responses"
        return f"<ResponseForm: {name} {version}, form {self._settled['form']}, {sent} sent>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The widget, and for a page without one (a saved notebook, a printout) the form on paper."""
        shown = super()._repr_mimebundle_(**kwargs)
        if shown is None:
            return None
        data, metadata = shown
        place = {name: self._settled[name] for name in ("site", "team", "wave")}
        language = self._settled["languages"][0]
        paper = paper_fragment(self._instrument, self._settled["form"], language, **place)
        return {**data, "text/plain": repr(self), "text/html": paper}, metadata


def _languages(instrument: Instrument, language: str | None, languages: Sequence[str] | None) -> tuple[str, ...]:
    if isinstance(languages, str):
        raise ArgumentError(f"languages: expected a list of languages; got the text {languages!r}.")
    first = () if language is None else (check_choice("language", language, instrument.languages),)
    offered = tuple(languages or first or (instrument.language,))
    for name in offered:
        check_choice("languages", name, instrument.languages)
    if language is not None and language not in offered:
        check_choice("language", language, offered)
    return tuple(dict.fromkeys((*first, *offered)))


def _check_session(session: object, instrument: Instrument, **given: Any) -> None:
    if not isinstance(session, Session):
        raise ArgumentError(f"session: expected a Session, as new_session makes; got {type(session).__name__}.")
    expected = (instrument.id, instrument.sha256)
    if (session.instrument_id, session.instrument_sha256) != expected:
        raise ArgumentError(
            f"session: expected one for {instrument.id} {instrument.version} (sha256 {instrument.sha256[:12]}); got "
            f"one for {session.instrument_id} {session.instrument_version} (sha256 {session.instrument_sha256[:12]})."
        )
    for argument, value in given.items():
        if value is not None and value != getattr(session, argument, None):
            raise ArgumentError(f"{argument}: expected nothing beside a session, which settles it; got {value!r}.")


def _status(error: MovementReadinessError) -> int:
    """The status that the server answers the same error with."""
    if isinstance(error, ResponseConflictError):
        return 409
    if isinstance(error, ResponseWithdrawnError):
        return 410
    if isinstance(error, SessionError):
        return 423
    return 503 if isinstance(error, StoreError) else 422
