"""What is read on a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import movement_readiness as mr


class Text(HTMLParser):
    """The words that are read, the pictures' alternatives among them, and every address that is used."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: list[str] = []
        self.skipping = False

    def handle_starttag(self, tag, attrs):
        self.skipping = tag == "style"
        for name, value in attrs:
            if name == "alt":
                self.words.append(value)
            if name in ("src", "href", "action"):
                self.addresses.append(value)

    def handle_data(self, data):
        if not self.skipping:
            self.words.append(data)


def read(report: mr.Report) -> str:
    page = Text()
    page.feed(report.html)
    return re.sub(r"\s+", " ", " ".join(page.words))
