"""What the workshop's server costs and how fast it answers, on this machine.

    python tests/benchmarks/server.py [seconds]        (10 by default)

A real server (`movement-readiness serve` on a SQLite file with full synchronous commits) and, in another
process, people: each opens a connection, loads the page and its modules, joins and sends one response.
Prints the server's memory at the start, with 30 and with 300 people whose connections stay open; how long
the form page takes when 30 ask at once, and its whole load; and how many submissions a second are acknowledged
over a sustained run with tickets handed out before. Ends with exit code 1 if a target is missed.
"""

# ruff: noqa: T201  (a script: printing is what it is for)

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import psutil

import movement_readiness as mr
from movement_readiness.workshop.client import client_files
from movement_readiness.workshop.consent import consent_names
from movement_readiness.workshop.content import form_content
from movement_readiness.workshop.receipts import new_receipt
from movement_readiness.workshop.sessions import new_session
from movement_readiness.workshop.store import ResponseStore

FILES = ("/static/form.css", "/static/page.css", "/static/page.js", "/static/form.js")
AT_ONCE = 40
ROUNDS = 20


class Person:
    """One device's connection, which stays open."""

    def __init__(self, port):
        self.port = port

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_):
        self.writer.close()

    async def ask(self, method, path, body=None, **headers):
        data = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Accept-Encoding: gzip"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        answer = await self.reader.readexactly(int(re.search(r"content-length: (\d+)", head)[1]))
        return int(head.split(" ")[1]), answer

    async def arrive(self, code):
        """Load the page, its modules and the session, and join."""
        began = time.perf_counter()
        assert (await self.ask("GET", f"/j/{code}"))[0] == 200
        page = time.perf_counter() - began
        for path in (*FILES, f"/api/sessions/{code}"):
            assert (await self.ask("GET", path))[0] == 200
        status, answer = await self.ask("POST", f"/api/sessions/{code}/join", {"device": uuid.uuid4().hex})
        assert status == 200, answer
        return page, time.perf_counter() - began, json.loads(answer)["ticket"]

    async def send(self, submission, ticket):
        path = f"/api/responses/{submission['response_id']}"
        status, answer = await self.ask("PUT", path, submission, Authorization=f"Ticket {ticket}")
        assert status == 201, answer


def submission_of(template):
    return {**template, "response_id": str(uuid.uuid4()), "receipt": new_receipt()}


async def pages(given):
    """How long the form page takes for everyone who asks at the same moment."""
    people = [Person(given["port"]) for _ in range(given["n"])]
    taken = []

    async def one(person):
        began = time.perf_counter()
        assert (await person.ask("GET", f"/j/{given['code']}"))[0] == 200
        taken.append(time.perf_counter() - began)

    for _ in range(ROUNDS):
        for person in people:
            await person.__aenter__()
        await asyncio.gather(*(one(person) for person in people))
        for person in people:
            await person.__aexit__()
    return {"taken": taken}


async def crowd(given):
    """People who arrive and send at once; the server's memory while all of them are still connected."""
    people = [await Person(given["port"]).__aenter__() for _ in range(given["n"])]
    arrived = await asyncio.gather(*(person.arrive(given["code"]) for person in people))
    began = time.perf_counter()
    sent = (submission_of(given["template"]) for _ in people)
    await asyncio.gather(*(p.send(s, a[2]) for p, s, a in zip(people, sent, arrived, strict=True)))
    seconds = time.perf_counter() - began
    rss = psutil.Process(given["pid"]).memory_info().rss
    for person in people:
        await person.__aexit__()
    return {"loads": [whole for _, whole, _ in arrived], "sending": seconds, "rss": rss}


async def sustained(given):
    """Submissions one after another on each of many connections, until the time is over or the tickets are."""
    tickets = list(given["tickets"])
    end = time.perf_counter() + given["seconds"]
    taken = []

    async def one():
        async with Person(given["port"]) as person:
            while tickets and time.perf_counter() < end:
                began = time.perf_counter()
                await person.send(submission_of(given["template"]), tickets.pop())
                taken.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return {"n": len(taken), "seconds": time.perf_counter() - began, "taken": taken, "left": len(tickets)}


def load(what, **given):
    """Run a load in a process of its own."""
    command = [sys.executable, __file__, "--load", what]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def a_session(store, instrument, n):
    values = dict.fromkeys(consent_names(instrument), "the benchmark")
    return store.open_session(new_session(instrument, site="North", team=f"T{n}", head_count=1000, consent=values))


def template_of(instrument, session):
    words = form_content(instrument, session.form, languages=session.languages, consent=session.consent)["words"]
    return {
        "format": 1,
        "instrument_id": instrument.id,
        "instrument_version": instrument.version,
        "instrument_sha256": instrument.sha256,
        "form": session.form,
        "language": session.languages[0],
        "answers": {item: instrument.response_scale(item).codes[1] for item in instrument.form(session.form).items},
        "consent_sha256": words[session.languages[0]]["consent"]["sha256"],
    }


def started(store):
    command = [sys.executable, "-m", "movement_readiness", "serve", str(store), "--port", "0", "--no-browser"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    for line in server.stdout:
        if line.startswith("Participants"):
            port = int(re.search(r":(\d+)/$", line.strip())[1])
        if line.startswith("Stop with"):
            return server, port
    raise SystemExit("the server did not start")


def percentile(values, share):
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def main(seconds):
    instrument = mr.load_instrument()
    missed = []

    def show(what, figure, unit, target=None, *, least=False):
        good = target is None or (figure >= target if least else figure <= target)
        said = "" if target is None else f"   target {'>=' if least else '<'} {target:g}{'' if good else '   MISSED'}"
        print(f"{what:<66}{figure:>9.1f} {unit:<5}{said}", flush=True)
        if not good:
            missed.append(what)

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "responses.sqlite"
        with ResponseStore(place) as store:
            rooms = [a_session(store, instrument, n) for n in range(3)]
        server, port = started(place)
        try:
            process = psutil.Process(server.pid)
            show("server memory at the start", process.memory_info().rss / 1e6, "MB")
            template = template_of(instrument, rooms[0])
            code = rooms[0].join_code
            taken = load("pages", port=port, code=code, n=30)["taken"]
            show("form page, 30 at once, p50", 1000 * percentile(taken, 50), "ms")
            show("form page, 30 at once, p95", 1000 * percentile(taken, 95), "ms", 150)
            for n, limit, room in ((30, 80, rooms[1]), (300, 150, rooms[2])):
                told = load("crowd", port=port, code=room.join_code, n=n, template=template, pid=server.pid)
                show(f"page, modules, session and ticket, {n} at once, p95", 1000 * percentile(told["loads"], 95), "ms")
                show(f"{n} responses sent at once, all acknowledged after", 1000 * told["sending"], "ms")
                show(f"server memory with {n} people", told["rss"] / 1e6, "MB", limit)
            with ResponseStore(place) as store:
                more = [a_session(store, instrument, f"more {n}") for n in range(max(2, round(seconds * 0.6)))]
                tickets = [store.issue_ticket(one.session_id, uuid.uuid4().hex) for one in more for _ in range(1000)]
            before = sum(process.cpu_times()[:2])
            told = load("sustained", port=port, template=template, tickets=tickets, seconds=seconds)
            show(
                f"acknowledged submissions a second, for {told['seconds']:.1f} s",
                told["n"] / told["seconds"],
                "/s",
                200,
                least=True,
            )
            cost = sum(process.cpu_times()[:2]) - before
            show("processor time of the server for one", 1000 * cost / told["n"], "ms")
            show("one submission until acknowledged, p95", 1000 * percentile(told["taken"], 95), "ms")
            show("server memory afterwards", process.memory_info().rss / 1e6, "MB")
        finally:
            server.terminate()
            server.wait(30)
            server.stdout.close()
        with ResponseStore(place) as store:
            stored = sum(store.count(one.session_id).sent for one in store.sessions())
        print(f"stored: {stored} of {330 + told['n']} acknowledged; the server's exit code {server.returncode}")
        if stored != 330 + told["n"]:
            missed.append("every acknowledged response")
    show("form module as written", len(client_files()["form.js"][0]) / 1000, "kB", 25)
    print("every target met" if not missed else f"missed: {', '.join(missed)}")
    return int(bool(missed))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seconds", nargs="?", type=float, default=10.0)
    parser.add_argument("--load", choices=["pages", "crowd", "sustained"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.load:
        job = {"pages": pages, "crowd": crowd, "sustained": sustained}[arguments.load]
        print(json.dumps(asyncio.run(job(json.load(sys.stdin)))))
        sys.exit(0)
    sys.exit(main(arguments.seconds))
