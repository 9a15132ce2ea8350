"""People at phones, as a real browser sees them: they read, click, leave lines empty, and send."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from functools import cache

from playwright.async_api import async_playwright

from movement_readiness.workshop.content import interface_words
from movement_readiness.workshop.store import ResponseStore

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 120_000  # milliseconds: a page that waits for its network tries again by itself


@cache
def words(language="en"):
    """The form's own words in its real language."""
    return interface_words(language)[1]


def button(page, key, language="en"):
    return page.get_by_role("button", name=words(language)[key], exact=True)


@asynccontextmanager
async def browsing(chromium):
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


class Person:
    """One participant; `clicked` is what they chose, by item."""

    def __init__(self, page, seed, language="en"):
        self.page, self.language = page, language
        self.random = random.Random(seed)  # noqa: S311  (nothing secret)
        self.clicked = {}
        self.page.set_default_timeout(PATIENCE)

    async def open(self, port, code):
        await self.page.goto(f"http://127.0.0.1:{port}/j/{code}")
        await self.page.locator(".mr-agree input").wait_for()

    async def begin(self):
        await self.page.locator(".mr-agree input").check()
        await button(self.page, "start", self.language).click()

    async def answer_screen(self, share=0.9):
        """Choose on most lines of the screen; sometimes change one's mind."""
        lines = self.page.locator("fieldset[data-item]")
        for line in await lines.all():
            if self.random.random() > share and self.clicked:
                continue
            item = await line.get_attribute("data-item")
            options = await line.locator("label").all()
            for option in self.random.sample(options, 2 if self.random.random() < 0.1 else 1):
                await option.click()
                self.clicked[item] = int(await option.locator("input").input_value())

    async def next(self):
        await button(self.page, "next", self.language).click()

    async def answer_all(self, screens, share=0.9):
        for _ in range(screens):
            await self.answer_screen(share)
            await self.next()

    async def send(self):
        await button(self.page, "send", self.language).click()

    async def thanked(self):
        await self.page.get_by_role("heading", name=words(self.language)["thanks_title"]).wait_for()

    async def kept(self):
        """The drafts on the device, as text."""
        found = await self.page.evaluate("Object.entries(localStorage).filter(([key]) => key.startsWith('mr:draft'))")
        return [value for _, value in found]

    async def shown(self):
        """What is chosen on the screen, by item."""
        chosen = await self.page.evaluate(
            "Array.from(document.querySelectorAll('fieldset[data-item] input:checked'),"
            " (box) => [box.closest('fieldset').dataset.item, Number(box.value)])"
        )
        return dict(chosen)


def as_sent(instrument, form, clicked):
    """What a store should hold: skipped lines have a code of their own, where the instrument has one."""
    skipped = next((code.code for code in instrument.missing_codes.values() if not code.offered), None)
    found = {item: clicked.get(item, skipped) for item in instrument.form(form).items}
    return {item: code for item, code in found.items() if code is not None}


def stored_answers(location, instrument):
    """Every response in a store, as tables of item and code, in an order that does not matter."""
    with ResponseStore(location, read_only=True) as store:
        frame = store.to_frame(instrument)
    rows = frame[[item for item in instrument.items if item in frame]].to_dict(orient="records")
    return [{item: int(code) for item, code in row.items() if code is not None and code == code} for row in rows]


def in_order(tables):
    return sorted(sorted(table.items()) for table in tables)
