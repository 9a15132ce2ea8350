"""Studies to explore, and what an explorer tells the page."""

from __future__ import annotations

import html
import json
import re
from base64 import b64decode
from typing import ClassVar

import comm
import pandas as pd

FRAMES = (
    "scores",
    "items",
    "answers",
    "agreement",
    "respondents",
    "team_differences",
    "funnel",
    "change",
)


class Wire(comm.base_comm.BaseComm):
    """Between a widget and a page that is not there: keeps what the widget says."""

    said: ClassVar = []

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        text = json.dumps([data, metadata, keys], default=str)
        Wire.said.append((msg_type, text, b"".join(map(bytes, buffers or []))))


def in_waves(frames):
    """Frames of answers as one study; ids are not repeated."""
    parts = [
        frame.assign(wave=str(wave), response_id=[f"person-{wave}-{name}" for name in frame["response_id"]])
        for wave, frame in enumerate(frames, 1)
    ]
    return pd.concat(parts, ignore_index=True)


def rows_of(frame):
    """Every row as something that can be looked up, whatever the types of its columns."""
    names = sorted(frame.columns)
    return {tuple("NA" if pd.isna(row[name]) else str(row[name]) for name in names) for row in frame.to_dict("records")}


class ReleasedRows:
    """The rows of all released frames of some results."""

    def __init__(self, teams):
        frames = [getattr(teams, name) for name in FRAMES]
        self.known = [(set(frame.columns), rows_of(frame)) for frame in frames]

    def hold(self, table):
        """Whether every row of a table is one of a released frame."""
        rows = rows_of(table)
        return any(set(table.columns) == columns and rows <= known for columns, known in self.known)


def all_settings(explorer, most=4):
    """The values of every control (the first of many), one after the other, each from what the last one left."""
    for name, control in explorer.controls.items():
        for _, value in list(control.options)[:most]:
            if value in [known for _, known in control.options]:
                control.value = value
                yield name, value


def pages_html(explorer):
    """The HTML that the page shows."""
    return [panel.children[0].value for panel in explorer.children[-1].children]


def words_of(markup):
    """What can be read in some HTML: pictures by their text alternative."""
    without = re.sub(r"<style>.*?</style>", " ", markup, flags=re.DOTALL)
    seen = re.sub(r'<img [^>]*alt="([^"]*)"[^>]*>', r" \1 ", without)
    return html.unescape(re.sub(r"<[^>]+>", " ", seen))


def files_in(markup):
    """The files that links hold, by name."""
    found = re.findall(r'<a download="([^"]+)" href="data:[^,]*;base64,([^"]*)"', markup)
    return {html.unescape(name): b64decode(content) for name, content in found}
