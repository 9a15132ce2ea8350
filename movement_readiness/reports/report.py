"""`Report`: one self-contained HTML page."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from movement_readiness.exceptions import ArgumentError

__all__ = ["Report"]


@dataclass(frozen=True, repr=False)
class Report:
    """A page for a team or a site: one file, no other files needed, ready to print on A4.

    Attributes
    ----------
    title : str
    html : str
        The whole page.
    """

    title: str
    html: str

    def save(self, path: str | Path) -> Path:
        """Write the page to a file (whole or not at all) and return where it is.

        Raises
        ------
        ArgumentError
            The folder does not exist or cannot be written to.
        """
        place = Path(path)
        if not place.parent.is_dir():
            raise ArgumentError(f"path: expected a file in an existing folder; {str(place.parent)!r} does not exist.")
        part = place.with_name(f".{place.name}.part")
        try:
            part.write_text(self.html, encoding="utf-8", newline="\n")
            part.replace(place)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise ArgumentError(f"path: {str(place)!r} cannot be written ({error.strerror}).") from None
        return place

    def __repr__(self) -> str:
        return f"<Report: {self.title}, {len(self.html) / 1024:.0f} kB of HTML>"

    def _repr_html_(self) -> str:
        # In a frame of its own, so that the page's style does not reach the notebook around it.
        return (
            f'<iframe title="{escape(self.title, quote=True)}" srcdoc="{escape(self.html, quote=True)}" '
            'style="width:100%;height:60rem;border:1px solid #767676"></iframe>'
        )
