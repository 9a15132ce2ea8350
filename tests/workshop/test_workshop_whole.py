"""The whole way: a session is opened, people answer, it is closed and revealed, and the numbers are right."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from workshop.people import PATIENCE, Person, as_sent, browsing
from workshop.rooms import filled_phone, saved_file

import movement_readiness as mr
from movement_readiness.workshop.selftest.phones import Phone
from movement_readiness.workshop.selftest.servers import ServerProcess

pytestmark = pytest.mark.browser
CONSENT = {"organisation": "The Trust", "kept_until": "May", "contact": "Ann"}


async def new_session(page, team, people):
    """Open a session on the facilitator's page; its join code."""
    await page.locator("main a.main", has_text="New session").click()
    for name, text in {"site": "North", "team": team, "head_count": people, **_named(CONSENT)}.items():
        await page.locator(f"[name='{name}']").fill(str(text))
    await page.get_by_role("button", name="Open the session").click()
    code = await page.locator(".code.large").inner_text()
    return code.replace("-", "")


def _named(consent):
    return {f"consent-{name}": text for name, text in consent.items()}


def by_program(port, code, seeds):
    """Participants without a browser."""
    phones = [Phone(seed, code) for seed in seeds]
    for phone in phones:
        phone.join(port, time.monotonic() + 120)
        phone.send(port, time.monotonic() + 120)
    return phones


async def reveal(page):
    await page.reload()
    await page.get_by_role("button", name="Close and reveal").click(timeout=PATIENCE)
    return await report(page)


async def report(page):
    link = page.get_by_role("link", name="Open the report")
    await link.wait_for()
    async with page.context.expect_page(timeout=PATIENCE) as opening:
        await link.click()
    shown = await opening.value
    await shown.wait_for_load_state()
    return shown


def command(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "movement_readiness", *map(str, arguments)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_from_the_first_page_to_the_scores(chromium, instrument, tmp_path):
    path = tmp_path / "r.sqlite"
    with ServerProcess(path) as server:
        clicked = asyncio.run(_workshop(chromium, instrument, server, path, tmp_path))
    command("export", "answers", path, tmp_path / "answers.csv")
    responses = mr.read_responses(tmp_path / "answers.csv", instrument)
    assert responses.groupby(["team", "form"]).size().to_dict() == {
        ("A3", "full"): 6,
        ("A3", "short"): 2,
        ("B2", "full"): 4,
    }
    responses = responses[(responses["team"] == "A3") & (responses["form"] == "full")].reset_index(drop=True)
    expected = pd.DataFrame(clicked)[list(instrument.form("full").items)]
    given = responses[expected.columns].astype(int)
    order = list(expected.columns)
    pd.testing.assert_frame_equal(
        given.sort_values(order, ignore_index=True), expected.sort_values(order, ignore_index=True), check_dtype=False
    )
    scores = mr.score_scales(responses, instrument)
    for scale in ("rational", "emotional", "programme_pull"):
        plain = [_plain(instrument, scale, answered) for answered in clicked]
        np.testing.assert_allclose(np.sort(scores[scale]), np.sort(plain), equal_nan=True)


def _plain(instrument, scale, answered):
    low_high = {item: instrument.response_scale(item).codes for item in instrument.item_ids(scale)}
    points = [
        100 * (answered[item] - min(codes)) / (max(codes) - min(codes))
        for item, codes in low_high.items()
        if answered[item] in codes
    ]
    return np.mean(points) if len(points) >= instrument.scales[scale].min_answered else np.nan


async def _workshop(chromium, instrument, server, path, folder):
    async with browsing(chromium) as browser:
        page = await (await browser.new_context(viewport={"width": 1280, "height": 900})).new_page()
        page.set_default_timeout(PATIENCE)
        await page.goto(server.link)
        await page.locator("main a.main", has_text="New session").wait_for()
        code = await new_session(page, "A3", 6)
        person = Person(await (await browser.new_context()).new_page(), 1)
        await person.open(server.port, code)
        await person.begin()
        await person.answer_all(len(instrument.form("full").screens))
        await person.send()
        await person.thanked()
        phones = await asyncio.to_thread(by_program, server.port, code, range(2, 7))
        await page.locator("[data-count='sent']", has_text="6").wait_for()
        shown = await reveal(page)
        assert "6 of the 6 people invited answered (100%)." in await shown.inner_text("body")
        assert "What is in place for us now" in await shown.inner_text("body")
        frozen = await shown.content()
        await _later(page, shown, instrument, path, folder, frozen)
        await _four(page, server)
        answers = [person.clicked, *(phone.answers for phone in phones)]
        return [as_sent(instrument, "full", answered) for answered in answers]


async def _later(page, shown, instrument, path, folder, frozen):
    """Paper that turns up after the reveal counts in the store; the page stays as it was."""
    form = instrument.forms["short"].items
    paper = folder / "paper.csv"
    paper.write_text(f"site,team,wave,{','.join(form)}\n" + f"North,A3,1{',3' * len(form)}\n" * 2, encoding="utf-8")
    with mr.ResponseStore(path) as store:
        session = next(one for one in store.sessions() if one.team == "A3")
        store.set_head_count(session.session_id, 7)
        store.reopen_session(session.session_id)
        late = filled_phone(store, instrument, session, 99)
        store.close_session(session.session_id)
        assert "1 added" in command("import", path, saved_file(folder, late, session))
        assert "2 added" in command("import", path, paper)
        store.withdraw(receipt=late.receipt)
        assert store.count(session.session_id).sent == 6
    await shown.reload()
    assert await shown.content() == frozen
    await page.reload()
    assert await page.get_by_role("button", name="Close and reveal").count() == 0


async def _four(page, server):
    """A team of four reads kind words and no number."""
    await page.goto(server.link.partition("/enter")[0] + "/")
    code = await new_session(page, "B2", 4)
    await asyncio.to_thread(by_program, server.port, code, range(20, 24))
    shown = await reveal(page)
    text = await shown.inner_text("body")
    assert "This page shows no numbers of your team." in text
    assert "North says as a whole" in text
    assert await shown.locator("img").count() == 0
    assert "4 people" not in text
