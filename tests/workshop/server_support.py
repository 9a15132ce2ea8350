"""A real server in a process of its own, and a plain client that talks to it over a real socket."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import re
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from movement_readiness.workshop.consent import consent_names
from movement_readiness.workshop.content import form_content
from movement_readiness.workshop.receipts import new_receipt
from movement_readiness.workshop.sessions import new_session
from movement_readiness.workshop.store import ResponseStore

SCRIPT = Path(__file__).with_name("serve_process.py")
PATIENCE = 60.0


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def reason(self) -> str:
        return self.json["error"]["reason"]


class Server:
    """A running server process."""

    def __init__(self, store, *, cwd=None, script=SCRIPT, **options):
        self.store = store
        given = {"store": str(store), "port": 0, **options}
        self.process = subprocess.Popen(
            [sys.executable, str(script), json.dumps(given)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=cwd,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._came: queue.Queue[str | None] = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read_out, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        self._wait_until_told()
        self.secure = "tls" in options
        text = self.output
        self.port = int(re.search(r"^Participants\s+https?://\S+?:(\d+)/$", text, re.M)[1])
        self.shown = re.search(r"^Participants\s+(\S+)/$", text, re.M)[1]
        self.facilitator_port = int(re.search(r"^Facilitator\s+http://127.0.0.1:(\d+)/", text, re.M)[1])
        self.link = re.search(r"(/facilitator/enter\?key=\S+)", text)[1]

    def _read_out(self):
        for line in self.process.stdout:
            self.lines.append(line)
            self._came.put(line)
        self._came.put(None)

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line)

    def _wait_until_told(self):
        end = time.monotonic() + PATIENCE
        while True:
            line = self._came.get(timeout=max(0.1, end - time.monotonic()))
            if line is None:
                self.process.wait(PATIENCE)
                self.stop()
                raise RuntimeError(f"exit code {self.process.returncode}: {''.join(self.errors)}")
            if line.startswith("Stop with"):
                return

    @property
    def output(self) -> str:
        return "".join(self.lines)

    @property
    def error_output(self) -> str:
        return "".join(self.errors)

    @property
    def address(self) -> str:
        return f"{'https' if self.secure else 'http'}://127.0.0.1:{self.port}"

    @property
    def facilitator_address(self) -> str:
        return f"http://127.0.0.1:{self.facilitator_port}"

    def token(self, path=None) -> str:
        return Path(path or f"{self.store}.token").read_text().strip()

    def stop(self, sign=signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(sign)
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.stop()


class Client:
    """One connection at a time; cookies are kept as a browser does."""

    def __init__(self, port, *, host="127.0.0.1", context: ssl.SSLContext | None = None):
        self.port = port
        self.host = host
        self.context = context
        self.cookies: dict[str, str] = {}

    def ask(self, method, path, body=None, headers=None, **more) -> Answer:
        sent = {"Host": f"{self.host}:{self.port}", **(headers or {})}
        if isinstance(body, dict | list):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        if self.cookies:
            sent.setdefault("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        if self.context is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        else:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE, context=self.context)
        with contextlib.closing(connection):
            connection.request(method, path, body, sent, **more)
            answer = connection.getresponse()
            found = Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        self._keep(found.headers.get("set-cookie"))
        return found

    def _keep(self, header):
        if header:
            name, _, rest = header.partition("=")
            self.cookies[name] = rest.partition(";")[0]

    def get(self, path, headers=None):
        return self.ask("GET", path, headers=headers)

    def post(self, path, body=None, headers=None):
        return self.ask("POST", path, body if body is not None else {}, headers)

    def post_form(self, path, fields, headers=None):
        from urllib.parse import urlencode

        body = urlencode(fields, doseq=True).encode()
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})

    def put(self, response_id, submission, ticket, headers=None):
        sent = {"Authorization": f"Ticket {ticket}", **(headers or {})}
        return self.ask("PUT", f"/api/responses/{response_id}", submission, sent)


def consent_values(instrument):
    return {name: f"the {name} of the test" for name in consent_names(instrument)}


def session_for(instrument, **changes):
    given = {"site": "North", "team": "A3", "head_count": 10, "consent": consent_values(instrument)}
    return new_session(instrument, **{**given, **changes})


def add_session(store, instrument, **changes):
    session = session_for(instrument, **changes)
    with ResponseStore(store) as opened:
        opened.open_session(session)
    return session


@dataclass
class Device:
    """A phone that has joined."""

    client: Client
    session: Any
    instrument: Any
    name: str = field(default_factory=lambda: secrets.token_hex(16))
    ticket: str | None = None

    def join(self) -> str:
        answer = self.client.post(f"/api/sessions/{self.session.join_code}/join", {"device": self.name})
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {answer.text}")
        self.ticket = answer.json["ticket"]
        return self.ticket

    def send(self, submission, ticket=None) -> Answer:
        return self.client.put(submission["response_id"], submission, ticket or self.ticket or self.join())


def submission_for(instrument, session, *, choose=0, **changes):
    """What a form sends: every item answered with its option number `choose`."""
    form, language = session.form, session.languages[0]
    content = form_content(instrument, form, languages=session.languages, consent=session.consent or None)
    codes = {item: instrument.response_scale(item).codes for item in instrument.form(form).items}
    submission = {
        "format": 1,
        "response_id": str(uuid.uuid4()),
        "instrument_id": instrument.id,
        "instrument_version": instrument.version,
        "instrument_sha256": instrument.sha256,
        "form": form,
        "language": language,
        "role": None,
        "answers": {item: options[choose % len(options)] for item, options in codes.items()},
        "consent_sha256": content["words"][language]["consent"]["sha256"],
        "receipt": new_receipt(),
    }
    return {**submission, **changes}


def raw(port, data: bytes, *, seconds=60.0, end=True) -> bytes:
    """What a server answers to these very bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(data)
        if end:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        found = b""
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while part := connection.recv(65536):
                found += part
        return found
