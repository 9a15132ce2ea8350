"""Responses, sessions and stores for the tests of the store."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
import uuid
from pathlib import Path

import movement_readiness as mr
from movement_readiness.workshop.consent import consent_names
from movement_readiness.workshop.receipts import new_receipt, receipt_sha256
from movement_readiness.workshop.sessions import new_session

WORKER = Path(__file__).with_name("store_worker.py")


def a_response(instrument, number=0, *, seed=0, form=None, **context):
    """A response whose id and answers depend on number and seed alone."""
    draw = random.Random(f"{seed} {number}")  # noqa: S311  (nothing secret)
    form = form or next(iter(instrument.forms))
    answers = {}
    for item in instrument.forms[form].items:
        scale = instrument.response_scale(item)
        offered = [instrument.missing_codes[name].code for name in scale.missing]
        answers[item] = draw.choice([*scale.codes, *scale.codes, *scale.codes, *offered])
    answers[instrument.forms[form].items[0]] = instrument.response_scale(instrument.forms[form].items[0]).codes[0]
    context.setdefault("response_id", str(uuid.UUID(int=draw.getrandbits(128), version=4)))
    context.setdefault("site", draw.choice(["North", "Süd"]))
    context.setdefault("team", draw.choice(["A1", "B 2", "Ωmega"]))
    context.setdefault("role", draw.choice([None, *instrument.roles]))
    return mr.Response.of(instrument, answers, form=form, **context)


def a_session(instrument, **options):
    """A session of a team of four, unless told otherwise."""
    consent = {name: f"the {name}" for name in consent_names(instrument)}
    return new_session(instrument, **{"site": "North", "team": "A1", "head_count": 4, "consent": consent, **options})


def in_session(instrument, session, number=0, **context):
    """A response given in a session."""
    place = {"site": session.site, "team": session.team, "wave": session.wave, "session": session.session_id}
    return a_response(instrument, number, form=session.form, **{**place, "rehearsal": session.rehearsal, **context})


def with_receipt(instrument, number=0, **context):
    """A response and the receipt code that goes with it."""
    code = new_receipt()
    return a_response(instrument, number, receipt_sha256=receipt_sha256(code), **context), code


def device(number):
    return f"{number:032x}"


def start(task, *, environment=None, **arguments):
    """Run `task` of store_worker.py in another process."""
    command = [sys.executable, "-W", "error", str(WORKER), task, json.dumps(arguments)]
    environment = {**os.environ, **(environment or {})}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment)


def ready(process):
    """Wait until a process says that it is about to begin."""
    line = process.stdout.readline()
    assert line == "ready\n", line + process.stderr.read()


def go(*processes):
    """Let processes that are ready begin, as nearly at once as can be."""
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()


def finished(process, timeout=240):
    """What a process printed, as JSON."""
    out, err = process.communicate(timeout=timeout)
    assert process.returncode == 0, err
    return json.loads(out)


def until(condition, timeout=120):
    """Wait for a condition."""
    ends = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.01)
