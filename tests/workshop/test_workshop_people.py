"""Thirty people with real browsers on a bad network; a page reloaded, a browser killed, a server gone."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest
from playwright.async_api import async_playwright
from support import GARDEN
from workshop.people import FLAGS, Person, as_sent, browsing, button, in_order, stored_answers, words
from workshop.rooms import a_room

from movement_readiness.workshop.selftest.network import FaultyNetwork

pytestmark = pytest.mark.browser


def is_api(path):
    return path.startswith("/api/")


def screens_of(instrument, room):
    return len(instrument.form(room.session.form).screens)


# --- a crowd


@pytest.mark.parametrize(
    ("size", "database"),
    [
        (4, "sqlite"),
        (4, "postgresql"),
        pytest.param(30, "sqlite", marks=pytest.mark.slow),
        pytest.param(8, "postgresql", marks=pytest.mark.slow),
    ],
)
def test_people_on_a_bad_network(chromium, instrument, tmp_path, request, size, database):
    location = tmp_path / "r.sqlite" if database == "sqlite" else request.getfixturevalue("cluster").database()
    with (
        a_room(instrument, location, head_count=size) as room,
        FaultyNetwork(room.server.port, seed=20, faulty=is_api) as network,
    ):
        clicked = asyncio.run(_crowd(chromium, instrument, room, network.port, size))
        assert network.fates["sent twice"] > 0, "seed 20 has every fate among its first requests"
        assert network.fates["cut after it arrived"] > 0
        assert room.store.count(room.session.session_id) == (size, size)
        expected = [as_sent(instrument, room.session.form, chosen) for chosen in clicked]
        assert in_order(stored_answers(location, instrument)) == in_order(expected)


async def _crowd(chromium, instrument, room, port, size):
    async with browsing(chromium) as browser:
        people = []
        for seed in range(size):
            context = await browser.new_context(viewport={"width": 375, "height": 700})
            people.append(Person(await context.new_page(), seed))
        at_once = asyncio.Semaphore(8)  # that many click in the same moment; all of them send in the same one

        async def fill(person):
            async with at_once:
                await person.open(port, room.session.join_code)
                await person.begin()
                await person.answer_all(screens_of(instrument, room))

        await asyncio.gather(*(fill(person) for person in people))
        await asyncio.gather(*(person.send() for person in people))
        await asyncio.gather(*(person.thanked() for person in people))
        assert [await person.kept() for person in people] == [[]] * size, "a draft stayed on a device"
        return [person.clicked for person in people]


def test_people_answer_another_instrument_in_two_languages(chromium, garden, tmp_path):
    path = tmp_path / "r.sqlite"
    session = {"head_count": 2, "languages": ("de", "en")}
    with a_room(garden, path, instrument_file=GARDEN, **session) as room:
        clicked = asyncio.run(_two_languages(chromium, garden, room))
        expected = [as_sent(garden, room.session.form, chosen) for chosen in clicked]
        assert in_order(stored_answers(path, garden)) == in_order(expected)
        assert sorted(room.store.to_frame(garden)["language"]) == ["de", "en"]


async def _two_languages(chromium, garden, room):
    async with browsing(chromium) as browser:
        people = []
        for seed, language in enumerate(("de", "en")):
            context = await browser.new_context()
            person = Person(await context.new_page(), seed, language)
            await person.open(room.server.port, room.session.join_code)
            await person.page.locator("select").first.select_option(language)
            await person.begin()
            await person.answer_all(screens_of(garden, room), share=1)
            await person.send()
            await person.thanked()
            people.append(person)
        return [person.clicked for person in people]


# --- a reload, a killed browser


def test_a_reload_in_mid_form_keeps_every_answer(chromium, instrument, tmp_path):
    path = tmp_path / "r.sqlite"
    with a_room(instrument, path) as room:
        clicked = asyncio.run(_reloading(chromium, instrument, room))
        assert stored_answers(path, instrument) == [as_sent(instrument, room.session.form, clicked)]


async def _reloading(chromium, instrument, room):
    async with browsing(chromium) as browser:
        person = Person(await (await browser.new_context()).new_page(), 1)
        await person.open(room.server.port, room.session.join_code)
        await person.begin()
        for _ in range(screens_of(instrument, room)):
            await person.answer_screen()
            before = await person.shown()
            await person.page.reload()
            await person.page.locator("fieldset[data-item]").first.wait_for()
            assert await person.shown() == before
            await person.next()
        await person.page.reload()
        await person.send()
        await person.thanked()
        await person.page.reload()
        await person.page.get_by_role("heading", name=words()["already_title"]).wait_for()
        return person.clicked


def test_a_killed_browser_still_has_the_answers_and_sends_them_once(chromium, instrument, tmp_path):
    path = tmp_path / "r.sqlite"
    with a_room(instrument, path) as room:
        clicked = asyncio.run(_killed(chromium, instrument, room, tmp_path / "profile"))
        assert stored_answers(path, instrument) == [as_sent(instrument, room.session.form, clicked)]
        assert room.store.count(room.session.session_id) == (1, 1), "the device came back as another one"


async def _killed(chromium, instrument, room, profile):
    async with async_playwright() as playwright:
        start = playwright.chromium.launch_persistent_context
        first = await start(str(profile), executable_path=chromium, args=FLAGS)
        person = Person(first.pages[0], 2)
        await person.open(room.server.port, room.session.join_code)
        await person.begin()
        await person.answer_all(3)
        await person.answer_screen()
        before, draft = await person.shown(), (await person.kept())[0]
        await _on_disk(profile, draft)
        _kill(profile)
        second = await start(str(profile), executable_path=chromium, args=FLAGS)
        again = Person(second.pages[0], 3)
        await again.page.goto(f"http://127.0.0.1:{room.server.port}/j/{room.session.join_code}")
        await again.page.locator("fieldset[data-item]").first.wait_for()
        assert await again.kept() == [draft]
        assert await again.shown() == before
        again.clicked = person.clicked
        await again.next()
        await again.answer_all(screens_of(instrument, room) - 4)
        await again.send()
        await again.thanked()
        await second.close()
        return again.clicked


async def _on_disk(profile, draft):
    """Wait until the browser has written the draft: it does so some seconds later, whoever kills it."""
    answers = json.dumps(json.loads(draft)["answers"], separators=(",", ":"))
    until = time.monotonic() + 180
    while time.monotonic() < until:
        for file in (profile / "Default" / "Local Storage" / "leveldb").glob("*.log"):
            content = file.read_bytes()
            if answers.encode("latin-1") in content or answers.encode("utf-16-le") in content:
                return
        await asyncio.sleep(0.2)
    raise AssertionError("the browser did not write the draft to its profile within three minutes")


def _kill(profile):
    """kill -9 of this one browser, with all of its processes."""
    family = [child for child in psutil.Process().children(recursive=True) if _is_of(child, profile)]
    assert family
    for one in list(family):
        with suppress(psutil.NoSuchProcess):
            family += one.children(recursive=True)
    for one in family:
        with suppress(psutil.NoSuchProcess):  # it ended with the one before
            one.kill()
    assert not psutil.wait_procs(family, timeout=60)[1]


def _is_of(process, profile):
    try:
        return any(str(profile) in word for word in process.cmdline())
    except psutil.NoSuchProcess:
        return False


# --- the server is gone


def test_answers_saved_as_a_file_are_imported_once(chromium, instrument, tmp_path):
    path = tmp_path / "r.sqlite"
    with a_room(instrument, path) as room:
        clicked = asyncio.run(_saving(chromium, instrument, room, path, tmp_path))
        assert stored_answers(path, instrument) == [as_sent(instrument, room.session.form, clicked)]
        assert room.store.count(room.session.session_id) == (1, 1)


async def _saving(chromium, instrument, room, path, folder):
    async with browsing(chromium) as browser:
        person = Person(await (await browser.new_context()).new_page(), 4)
        await person.open(room.server.port, room.session.join_code)
        await person.begin()
        await person.answer_all(screens_of(instrument, room))
        room.server.kill()
        await person.send()
        await person.page.get_by_role("heading", name=words()["waiting_title"]).wait_for()
        async with person.page.expect_download() as downloading:
            await button(person.page, "save_file").click()
        download = await downloading.value
        saved = folder / download.suggested_filename
        await download.save_as(saved)
        assert saved.name.startswith("answers-")
        for said in ("1 added, 0 unchanged, 0 refused", "0 added, 1 unchanged, 0 refused"):
            done = subprocess.run(
                [sys.executable, "-m", "movement_readiness", "import", str(path), str(saved)],
                capture_output=True,
                text=True,
                timeout=180,
            )
            assert said in done.stdout, done.stdout + done.stderr
        assert json.loads((await person.kept())[0])["pending"], "the phone gave up"
        # The phone gets through after all: the same answers, not a second time. It would try by itself while the
        # server starts; in a network that comes back it does so at once.
        await person.page.context.set_offline(True)
        room.server.start()
        await person.page.context.set_offline(False)
        await person.thanked()
        assert await person.kept() == []
        return person.clicked
