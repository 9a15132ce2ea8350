"""What a disk could hold after the power went: from a log of what a program did to its files.

The model: what was synced is there. Of what was written since, any part may be there, in pieces of 512 bytes; a
change of length may be there or not. Files that were made, renamed or deleted since the folder was last synced:
the first few of those changes, in order.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

SECTOR = 512
_HEAD = struct.Struct("=cQQQ")


@dataclass
class Operation:
    kind: str
    name: str
    offset: int
    data: bytes


def read_log(path):
    content, at, found = path.read_bytes(), 0, []
    while at < len(content):
        kind, name_length, offset, length = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        name = content[at : at + name_length].decode()
        at += name_length
        found.append(Operation(kind.decode(), name, offset, content[at : at + length]))
        at += length
    return found


@dataclass
class File:
    synced: bytearray = field(default_factory=bytearray)
    waiting: list[Operation] = field(default_factory=list)

    def sync(self):
        for operation in self.waiting:
            _apply(self.synced, operation)
        self.waiting = []

    def after_cut(self, draw):
        content = bytearray(self.synced)
        everything_until = draw.choice([0, 0, len(self.waiting), draw.randint(0, len(self.waiting))])
        for number, operation in enumerate(self.waiting):
            if number < everything_until:
                _apply(content, operation)
            elif operation.kind == "T":
                if draw.random() < 0.5:
                    _apply(content, operation)
            else:
                for part in _sectors(operation):
                    if draw.random() < 0.5:
                        _apply(content, part)
        return bytes(content)


def _sectors(operation):
    at, end = operation.offset, operation.offset + len(operation.data)
    while at < end:
        until = min((at // SECTOR + 1) * SECTOR, end)
        begins = at - operation.offset
        yield Operation("W", operation.name, at, operation.data[begins : begins + until - at])
        at = until


def _apply(content, operation):
    if operation.kind == "T":
        del content[operation.offset :]
        content.extend(bytes(operation.offset - len(content)))
    else:
        content.extend(bytes(max(0, operation.offset - len(content))))
        content[operation.offset : operation.offset + len(operation.data)] = operation.data


class Disk:
    """Follows a log; `cut` gives the files that could be found."""

    def __init__(self, *, ignore_syncs=False):
        self._ignore_syncs = ignore_syncs
        self._live, self._durable, self._changes = {}, {}, []

    def do(self, operation):
        kind, name = operation.kind, operation.name
        if kind == "C":
            self._live[name] = File()
            self._changes.append(dict(self._live))
        elif kind == "U":
            self._live.pop(name, None)
            self._changes.append(dict(self._live))
        elif kind == "R":
            self._live[operation.data.decode()] = self._live.pop(name)
            self._changes.append(dict(self._live))
        elif kind == "D" and not self._ignore_syncs:
            self._durable, self._changes = dict(self._live), []
        elif kind == "S" and not self._ignore_syncs and name in self._live:
            self._live[name].sync()
        elif kind in "WT" and name in self._live:
            self._live[name].waiting.append(operation)

    def cut(self, draw):
        states = [self._durable, *self._changes]
        names = states[draw.choice([0, len(states) - 1, draw.randrange(len(states))])]
        return {name: file.after_cut(draw) for name, file in names.items()}
