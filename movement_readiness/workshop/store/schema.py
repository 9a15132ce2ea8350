"""The tables, as SQLAlchemy knows them; `migrations` holds the statements that make them."""

from __future__ import annotations

import sqlalchemy as sa

__all__ = [
    "APPLICATION",
    "APPLICATION_ID",
    "CONSENT",
    "FIRST",
    "IS_FIRST",
    "events",
    "meta",
    "metadata",
    "migrations",
    "release_log",
    "releases",
    "sessions",
    "tickets",
]

APPLICATION = "movement_readiness responses"
APPLICATION_ID = 0x4D4F5645  # "MOVE": the place in a SQLite header that says whose file it is

CONSENT = 0  # number of the consent event of a response, where there is one
FIRST = 1  # number of its first event: the response, or what is left of it once it was withdrawn

metadata = sa.MetaData()

meta = sa.Table("meta", metadata, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text))

migrations = sa.Table(
    "migrations",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("applied_on", sa.Text, nullable=False),
    sa.Column("checksum", sa.Text, nullable=False),
)

# What happened to a response, in order. `number` is FIRST for the response itself, then one more for each
# amendment; a withdrawn response keeps that one row, of kind "withdraw", so that the key itself refuses its return.
events = sa.Table(
    "events",
    metadata,
    sa.Column("response_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("on_date", sa.Text, nullable=False),
    sa.Column("session_id", sa.Text),
    sa.Column("rehearsal", sa.Integer),
    sa.Column("instrument_id", sa.Text),
    sa.Column("instrument_version", sa.Text),
    sa.Column("instrument_sha256", sa.Text),
    sa.Column("receipt_sha256", sa.Text),
    sa.Column("content_sha256", sa.Text),
    sa.Column("content", sa.Text),
)

# Written out, not bound: an index of first events alone is used only where the statement says so itself.
IS_FIRST = events.c.number == sa.literal_column(str(FIRST))

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("session_id", sa.Text, primary_key=True),
    sa.Column("join_code", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("head_count", sa.Integer, nullable=False),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("team", sa.Text, nullable=False),
    sa.Column("wave", sa.Text, nullable=False),
    sa.Column("instrument_id", sa.Text, nullable=False),
    sa.Column("instrument_version", sa.Text, nullable=False),
    sa.Column("instrument_sha256", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("aim_id", sa.Text, nullable=False),
    sa.Column("languages", sa.Text, nullable=False),
    sa.Column("rehearsal", sa.Integer, nullable=False),
    sa.Column("shared_device", sa.Integer, nullable=False),
    sa.Column("retest", sa.Integer, nullable=False),
    sa.Column("consent", sa.Text, nullable=False),
    sa.Column("opened_on", sa.Text, nullable=False),
    sa.Column("withdraw_until", sa.Text, nullable=False),
    sa.Column("ticket_key", sa.Text, nullable=False),
    sa.Column("own", sa.Integer, nullable=False, server_default="1"),
)

# A ticket is known by its hash alone. `used` stays when a response is withdrawn, the link to it does not.
tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("ticket_sha256", sa.Text, primary_key=True),
    sa.Column("session_id", sa.Text, sa.ForeignKey("sessions.session_id"), nullable=False),
    sa.Column("used", sa.Integer, nullable=False),
    sa.Column("response_id", sa.Text),
)

releases = sa.Table(
    "releases",
    metadata,
    sa.Column("session_id", sa.Text, sa.ForeignKey("sessions.session_id"), primary_key=True),
    sa.Column("on_date", sa.Text, nullable=False),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("team", sa.Text, nullable=False),
    sa.Column("wave", sa.Text, nullable=False),
    sa.Column("instrument_id", sa.Text, nullable=False),
    sa.Column("rehearsal", sa.Integer, nullable=False),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("response_ids", sa.Text, nullable=False),
    sa.Column("html", sa.Text, nullable=False),
    sa.Column("shown", sa.Integer, nullable=False, server_default="1"),
)

# What was shown about teams and sites: groups, numbers and hashes of response ids, never answers.
release_log = sa.Table(
    "release_log",
    metadata,
    sa.Column("release_key", sa.Text, primary_key=True),
    sa.Column("released_on", sa.Text, nullable=False),
    sa.Column("wave", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
)
