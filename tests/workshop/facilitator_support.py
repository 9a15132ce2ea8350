"""The facilitator's browser, without a browser."""

from __future__ import annotations

import re

from workshop.server_support import Client, consent_values

COOKIE = "movement_readiness_facilitator"


class Facilitator(Client):
    """A client that logs in and fills in forms with the page's own token."""

    def log_in(self, token):
        return self.post_form("/facilitator/login", {"token": token})

    def csrf(self, page="/facilitator/new"):
        return re.search(r'name="csrf" value="([^"]+)"', self.get(page).text)[1]

    def act(self, path, **fields):
        return self.post_form(path, {"csrf": self.csrf(), **fields})

    def open_session(self, instrument, **changes):
        fields = {
            "site": "North",
            "team": "A3",
            "wave": "1",
            "head_count": "10",
            "form": next(iter(instrument.forms)),
            "languages": [instrument.language],
            "withdraw_until": "2099-12-31",
            **{f"consent-{name}": value for name, value in consent_values(instrument).items()},
            **changes,
        }
        answer = self.act("/facilitator/new", **{name: value for name, value in fields.items() if value is not None})
        if answer.status != 303:
            return answer, None
        return answer, re.search(r"sessions/([0-9a-f-]{36})", answer.headers["location"])[1]
