"""The page that a browser gets in place of one that is not there; programs get JSON."""

from __future__ import annotations

import html
from collections.abc import Mapping

__all__ = ["plain_page", "wants_page"]

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{folder}/{style}.css">{more}
</head>
<body class="narrow">
<main><div class="mr-form">
<h1>{title}</h1>
<p>{message}</p>
<p><a href="{start}">Go to the start</a></p>
</div></main>
</body>
</html>
"""


def wants_page(method: str | None, path: str, headers: Mapping[str, str]) -> bool:
    """Whether a person typed or followed an address; what scripts ask for asks for no page."""
    return method == "GET" and not path.startswith("/api/") and "text/html" in headers.get("Accept", "")


def plain_page(status: int, message: str, start: str, *, facilitator: bool = False) -> str:
    """A page with one sentence and a link to the start."""
    missing = status == 404
    return _PAGE.format(
        title="This page does not exist" if missing else "This did not work",
        message=html.escape("Perhaps the address was mistyped." if missing else message),
        start=html.escape(start),
        folder="/facilitator/static" if facilitator else "/static",
        style="facilitator" if facilitator else "form",
        more="" if facilitator else '\n<link rel="stylesheet" href="/static/page.css">',
    )
