"""What the two explorers share: controls that depend on each other, views that follow them, one status line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any, ClassVar

import ipywidgets  # type: ignore[import-untyped]

from movement_readiness._validation import check_choice, n_of
from movement_readiness.exceptions import ArgumentError
from movement_readiness.explorers import words as say
from movement_readiness.explorers.panel import STYLE, Panel
from movement_readiness.explorers.released import COMPARISONS, KINDS, Released, Selection
from movement_readiness.explorers.status import Status
from movement_readiness.explorers.view import View, file_name, view_html
from movement_readiness.instrument import Instrument
from movement_readiness.teams import TeamResults
from movement_readiness.teams.words import listed

__all__ = ["Explorer", "Part"]

Options = list[tuple[str, Any]]


@dataclass(frozen=True)
class Part:
    """A view of an explorer: how it is made, and which parts of the selection it depends on."""

    name: str
    make: Callable[[Released, Selection], View]
    uses: tuple[str, ...]

    def where(self, selection: Selection) -> tuple[str, ...]:
        """What stands in the names of its files: two views that differ never have the same name."""
        names = [str(getattr(selection, name)) for name in ("site", "team", "wave", "form")]
        more = {
            "scale": selection.scale,
            "kind": "" if selection.kind == "mean" else "drawn-to-the-middle",
            "comparison": "" if selection.comparison == "none" else f"with-{selection.comparison}",
            "page": f"page-{selection.page + 1}" if selection.page else "",
            "sites_page": f"page-{selection.sites_page + 1}" if selection.sites_page else "",
        }
        return tuple(filter(None, [*names, *(words for name, words in more.items() if name in self.uses)]))

    def key(self, selection: Selection) -> tuple[Any, ...]:
        """The same for two selections that give the same view."""
        return tuple(getattr(selection, name) for name in self.uses)


class Explorer(ipywidgets.VBox):  # type: ignore[misc]
    """Controls and views of released results; see `TeamExplorer` and `SiteExplorer`."""

    _region: ClassVar[str]
    _labels: ClassVar[dict[str, str]]
    _comparisons: ClassVar[tuple[str, ...]]

    def __init__(
        self, teams: TeamResults, instrument: Instrument, language: str | None, wanted: dict[str, str | None]
    ) -> None:
        self._released = Released(teams, instrument, language)
        self._settling = True
        self._drawn: dict[str, tuple[Any, ...]] = {}
        self._views: dict[str, View] = {}
        self._parts = self._make_parts()
        self._panels = {part.name: Panel(self._released) for part in self._parts}
        self.controls = {name: _dropdown(label) for name, label in self._labels.items()}
        self._tables = ipywidgets.Checkbox(
            description="Open all tables", indent=False, layout={"width": "auto", "margin": "2px 12px 2px 0"}
        )
        self._status = Status(region=self._region)
        super().__init__(self._arranged(), layout={"overflow": "visible", "max_width": "100%"})
        self.add_class("mr-explorer")
        self._begin(wanted)
        for control in (*self.controls.values(), self._tables):
            control.observe(self._changed, "value")
        self._settling = False
        self._draw(())

    def _make_parts(self) -> tuple[Part, ...]:
        raise NotImplementedError

    def _arranged(self) -> list[Any]:
        released = self._released
        head = (
            f"{STYLE}<p><strong>{escape(say.claim_line(released.results))}</strong></p>"
            f"<p>{escape(say.policy_line(released.results))}</p>"
            f"{say.definitions_html(released.all_scales(), released.words)}"
        )
        flow = {"display": "flex", "flex_flow": "row wrap", "overflow": "visible"}
        controls = ipywidgets.Box([*self.controls.values(), self._tables], layout=flow)
        controls.add_class("mr-controls")
        columns = "repeat(auto-fill, minmax(min(100%, 25rem), 1fr))"
        grid = {"display": "grid", "grid_template_columns": columns, "grid_gap": "8px 24px", "overflow": "visible"}
        views = ipywidgets.Box(list(self._panels.values()), layout=grid)
        views.add_class("mr-views")
        return [ipywidgets.HTML(head), controls, self._status, views]

    def _begin(self, wanted: dict[str, str | None]) -> None:
        """Fill the controls from the top of the hierarchy down, with what was asked for or the first there is."""
        for name in self.controls:
            options = self._options(name)
            values = [value for _, value in options]
            value = wanted.get(name)
            if value is None:
                value = self._default(name, values)
            self._fill(name, options, check_choice(name, value, values) if values else None)

    def _default(self, name: str, values: list[Any]) -> Any:
        if name == "wave":
            return values[-1]
        if name == "form":
            return self._most_answered(values)
        return values[0] if values else None

    def _most_answered(self, forms: list[str]) -> str:
        heads = self._released.results.respondents
        rows = heads[(heads["level"] == "site") & (heads["wave"] == self._value("wave"))]
        counted = rows.groupby("form")["n"].sum()
        return max(forms, key=lambda form: float(counted.get(form, 0)))

    def _value(self, name: str) -> Any:
        return self.controls[name].value if name in self.controls else None

    def _options(self, name: str) -> Options:
        """What a control offers, given those above it."""
        released = self._released
        fixed: dict[str, Options] = {
            "site": [(site, site) for site in released.sites],
            "wave": [(wave, wave) for wave in released.waves],
            "form": [(released.words.forms[form], form) for form in released.forms],
            "kind": [(words, kind) for kind, words in KINDS.items()],
            "comparison": [(COMPARISONS[kind], kind) for kind in self._comparisons],
        }
        if name == "team":
            return [(team, team) for team in released.teams(self._value("site"))]
        if name == "scale":
            return [(released.words.scales[scale], scale) for scale in released.scales(self._value("form"))]
        return fixed[name]

    def _fill(self, name: str, options: Options, value: Any) -> None:
        control = self.controls[name]
        with control.hold_sync():
            if list(control.options) != options:
                control.options = options
            control.value = value

    def _changed(self, change: dict[str, Any]) -> None:
        if self._settling:
            return
        self._settling = True
        try:
            names = [name for name, control in self.controls.items() if control is change["owner"]]
            if change["new"] is None:  # a message of nobody's page: a choice is never empty
                change["owner"].value = change["old"]
            self._refill(names[0] if names else "")
        finally:
            self._settling = False
        self._draw(tuple(names), everything=change["owner"] is self._tables)

    def _refill(self, changed: str) -> None:
        """Offer what belongs to the new choice in the controls that depend on it; keep what is still there."""
        for name in {"site": ("page", "team"), "page": ("team",), "form": ("scale",)}.get(changed, ()):
            if name in self.controls:
                options, kept = self._options(name), self._value(name)
                values = [value for _, value in options]
                first = values[0] if values else None
                self._fill(name, options, kept if kept in values else first)

    @property
    def selection(self) -> Selection:
        """What is looked at."""
        chosen = {name: control.value for name, control in self.controls.items()}
        return replace(Selection("", "", "", "", ""), **{name: value or _EMPTY[name] for name, value in chosen.items()})

    @property
    def views(self) -> dict[str, View]:
        """The views as they are now, by name: ``.tables`` (released rows), ``.picture``, ``.sentences``."""
        return dict(self._views)

    def _draw(self, changed: tuple[str, ...], *, everything: bool = False) -> None:
        selection = self.selection
        told = []
        for part in self._parts:
            key = part.key(selection)
            again = self._drawn.get(part.name) != key
            if again:
                self._views[part.name] = part.make(self._released, selection)
                self._drawn[part.name] = key
                told.append(self._views[part.name].title)
            if again or everything:
                self._panels[part.name].show(self._views[part.name], part.where(selection), opened=self._tables.value)
        self._status.text = self._told(selection, told if changed else [])

    def _told(self, selection: Selection, drawn: list[str]) -> str:
        words = self._released.words
        place = ", ".join(name for name in (selection.site, selection.team) if name)
        kind = KINDS[selection.kind].lower()
        against = COMPARISONS[selection.comparison].lower()
        new = f" New: {listed(drawn)}." if drawn else ""
        return (
            f"{place}; wave {selection.wave}; {words.forms[selection.form]}; "
            f"{words.scales.get(selection.scale, selection.scale)}; {kind}; compared with: {against}.{new}"
        )

    def save(self, folder: str | Path) -> list[Path]:
        """Write what is shown as files: every figure as SVG and PNG, every table as CSV.

        Parameters
        ----------
        folder : str or Path
            An existing folder.

        Returns
        -------
        list of Path

        Raises
        ------
        ArgumentError
            The folder does not exist or cannot be written to.
        """
        place = Path(folder)
        if not place.is_dir():
            raise ArgumentError(f"folder: expected an existing folder; {str(place)!r} is none.")
        written = []
        try:
            for part in self._parts:
                view = self._views[part.name]
                name = file_name(view, self._released, part.where(self.selection))
                files = {f"{name}.{suffix}": content for suffix, content in view.figure_files().items()}
                for table in view.tables:
                    files[f"{name}.csv" if table == "numbers" else f"{name}_{table}.csv"] = view.csv(table)
                for title, content in files.items():
                    (place / title).write_bytes(content)
                    written.append(place / title)
        except OSError as error:
            raise ArgumentError(f"folder: {str(place)!r} cannot be written to ({error.strerror}).") from None
        return written

    def __repr__(self) -> str:
        mark = "SYNTHETIC DATA, " if self._released.results.synthetic else ""
        sites = self._released.sites
        n_teams = sum(len(self._released.teams(site)) for site in sites)
        shown = self._told(self.selection, []).removesuffix(".")
        return f"<{type(self).__name__}: {mark}{n_of(len(sites), 'site')}, {n_of(n_teams, 'team')}; showing {shown}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The widget, and for a page without one (a saved notebook, a printout) the first view."""
        shown: Any = super()._repr_mimebundle_(**kwargs)
        data = shown[0] if isinstance(shown, tuple) else shown
        if data is None:
            return None
        return {**data, "text/plain": repr(self), "text/html": self._still()}, {}

    def _still(self) -> str:
        part = self._parts[0]
        first = self._views[part.name]
        name = file_name(first, self._released, part.where(self.selection))
        return (
            f"<p><strong>{escape(say.claim_line(self._released.results))}</strong></p><p>{escape(self._status.text)} "
            f"Run this notebook to choose.</p>{view_html(first, self._released, name)}"
        )


_EMPTY: dict[str, Any] = {"page": 0, "team": "", "site": "", "wave": "", "form": "", "scale": "", "kind": "mean"}
_EMPTY["comparison"] = "none"


def _dropdown(label: str) -> ipywidgets.Dropdown:
    return ipywidgets.Dropdown(
        description=label, style={"description_width": "initial"}, layout={"width": "auto", "margin": "2px 12px 2px 0"}
    )
