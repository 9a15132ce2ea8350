"""`Phone`: what a participant's device does, as a program: joins, answers, sends until it is acknowledged."""

from __future__ import annotations

import http.client
import json
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from movement_readiness.workshop.receipts import new_receipt

__all__ = ["Answer", "NotAcknowledgedError", "Phone", "ask"]

_SECONDS = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


class NotAcknowledgedError(Exception):
    """The server did not say within the time that it has what was sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: its status code, and its JSON."""

    status: int
    json: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def ask(port: int, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    """One request to 127.0.0.1, on a connection of its own.

    Raises
    ------
    OSError, http.client.HTTPException, ValueError
        The network or the server failed.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    sent = None if body is None else json.dumps(body).encode()
    kind = {} if body is None else {"Content-Type": "application/json"}
    try:
        connection.request(method, path, sent, {**kind, **(headers or {})})
        got = connection.getresponse()
        text = got.read()
        return Answer(got.status, json.loads(text), dict(got.getheaders()))  # an answer cut off is no JSON
    finally:
        connection.close()


class Phone:
    """One participant's device.

    Parameters
    ----------
    seed : int
        Of the device's answers, its names and its pauses.
    code : str
        The join code of its session.
    """

    def __init__(self, seed: int, code: str = "") -> None:
        self.code = code
        self.random = random.Random(seed)  # noqa: S311  (a device that can be repeated, not a secret)
        self.device = f"{self.random.getrandbits(128):032x}"
        self.response_id = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        self.receipt = new_receipt()
        self.ticket = ""
        self.answers: dict[str, int] = {}
        self.submission: dict[str, Any] = {}
        self.n_tries = 0
        self.seconds = 0.0
        self.status = 0

    def join(self, port: int, until: float) -> None:
        """Get the form and a ticket, and choose an answer for every item, or leave it empty."""
        content = self._until(until, port, "GET", f"/api/sessions/{self.code}", good=(200,)).json["content"]
        joined = self._until(
            until, port, "POST", f"/api/sessions/{self.code}/join", {"device": self.device}, good=(200,)
        )
        self.ticket = joined.json["ticket"]
        self.fill_in(content)

    def fill_in(self, content: Mapping[str, Any]) -> None:
        """Choose an answer for most items, and make the submission of it."""
        for item, scale in content["items"].items():
            codes = content["scales"][scale]["codes"] + content["scales"][scale]["missing"]
            if self.random.random() < 0.9 or not self.answers:
                self.answers[item] = self.random.choice(codes)
            elif content["skipped"] is not None:
                self.answers[item] = content["skipped"]
        language = content["languages"][0]
        self.submission = {
            "format": 1,
            "response_id": self.response_id,
            "instrument_id": content["instrument"]["id"],
            "instrument_version": content["instrument"]["version"],
            "instrument_sha256": content["instrument"]["sha256"],
            "form": content["form"],
            "language": language,
            "answers": self.answers,
            "consent_sha256": content["words"][language]["consent"]["sha256"],
            "receipt": self.receipt,
        }

    def send(self, port: int, until: float) -> int:
        """Send until it is acknowledged, with the same id every time; the status code it was acknowledged with."""
        began = time.monotonic()
        self.status = self.put(port, until).status
        self.seconds = time.monotonic() - began
        return self.status

    def put(self, port: int, until: float) -> Answer:
        """The answer that acknowledges what was sent."""
        headers = {"Authorization": f"Ticket {self.ticket}"}
        path = f"/api/responses/{self.response_id}"
        return self._until(until, port, "PUT", path, self.submission, headers, good=(200, 201))

    def _until(
        self,
        until: float,
        port: int,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        good: tuple[int, ...],
    ) -> Answer:
        """Ask again, after longer and longer pauses, until the answer is a good one."""
        pause, last = _FIRST_PAUSE, "nothing"
        while time.monotonic() < until:
            self.n_tries += 1
            try:
                answer = ask(port, method, path, body, headers)
            except (OSError, http.client.HTTPException, ValueError) as error:
                last = type(error).__name__
            else:
                if answer.status in good:
                    return answer
                if answer.status not in (429, 503):
                    raise NotAcknowledgedError(f"{method} {path}: {answer.status} {answer.json}")
                last = str(answer.status)
            time.sleep(pause * self.random.uniform(0.5, 1))
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise NotAcknowledgedError(f"{method} {path}: no answer in time; the last was {last}.")
