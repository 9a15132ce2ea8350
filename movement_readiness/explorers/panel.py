"""The place of one view on the screen: its HTML, and a button that makes files of its figure."""

from __future__ import annotations

from typing import Any

import ipywidgets  # type: ignore[import-untyped]

from movement_readiness.explorers.released import Released
from movement_readiness.explorers.view import View, file_name, links, view_html

__all__ = ["STYLE", "Panel"]

STYLE = """<style>
.mr-explorer .widget-html-content { line-height: 1.45; white-space: normal; overflow-wrap: anywhere; }
/* A wide table scrolls in a box of its own; it never makes the view around it wider than its place on the page. */
.mr-explorer .widget-html-content { min-width: 0; max-width: 100%; flex: 1 1 0; }
.mr-explorer .jupyter-widget-html, .mr-explorer .widget-html { height: auto; max-width: 100%; }
.mr-explorer section { max-width: 46rem; }
.mr-explorer h3 { font-size: 1.15em; margin: 0.6em 0 0.3em; }
.mr-explorer p { margin: 0.35em 0; }
.mr-explorer figure { margin: 0; }
.mr-explorer figure img { max-width: 100%; height: auto; background: #fff; margin: 0; }
.mr-explorer summary { cursor: pointer; padding: 0.35em 0; min-height: 24px; }
.mr-explorer .mr-scroll { overflow: auto; max-height: 36em; overflow-wrap: normal; }
.mr-explorer table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.mr-explorer caption { text-align: left; padding: 0.2em 0; }
/* On a phone a table goes on to the right: its title and first column stay, a shade says where there is more. */
.mr-explorer .mr-scroll { --paper: var(--jp-layout-color0, #fff); container-type: inline-size;
  background: linear-gradient(to left, var(--paper) 40%, transparent) calc(100% + 2px) / 2.5em 100% no-repeat local,
    linear-gradient(to left, #0006, transparent) right / 1em 100% no-repeat scroll; }
.mr-explorer caption > span { display: inline-block; position: sticky; left: 0; max-width: 100cqi; }
.mr-explorer th:first-child { position: sticky; left: 0; background: var(--paper); }
.mr-explorer .mr-cue { display: none; }
@media (max-width: 40rem) { .mr-explorer .mr-cue { display: block; } .mr-explorer th:first-child { max-width: 9em; } }
.mr-explorer th, .mr-explorer td { text-align: left; padding: 0.15em 0.7em 0.15em 0; border-bottom: 1px solid #767676;
  vertical-align: top; }
.mr-explorer .mr-links a { text-decoration: underline; display: inline-block; padding: 0.25em 0; }
.mr-explorer :focus-visible { outline: 2px solid #1a5fb4 !important; outline-offset: 1px; }
.mr-explorer .mr-status { line-height: 1.45; padding: 0.3em 0; }
.mr-explorer .mr-why { min-width: 14em; }
.mr-explorer .widget-dropdown { height: auto; max-width: 100%; flex-wrap: wrap; }
.mr-explorer .widget-dropdown > select { height: auto; min-height: 2.2em; min-width: 0; max-width: 100%;
  flex: 0 1 auto; }
.mr-explorer button { height: auto; min-height: 2.2em; max-width: 100%; white-space: normal; }
@media print {
  /* Voila keeps its page in a box as large as the screen, of which a printer would see no more. */
  :is(#main, #jp-main-content-panel):has(#rendered_cells), #rendered_cells { position: static !important;
    contain: none !important; overflow: visible !important; width: auto !important; height: auto !important; }
  html, body:has(.mr-explorer) { height: auto !important; overflow: visible !important; background: #fff !important; }
  :is(.jp-OutputArea, .jp-OutputArea-child, .jp-OutputArea-output):has(.mr-explorer) { display: block !important;
    overflow: visible !important; }
  .mr-explorer .mr-views { grid-template-columns: repeat(2, minmax(0, 1fr)) !important; }
  .mr-explorer .mr-views > :has(details[open]) { grid-column: 1 / -1; }
  :is(.jp-Cell, .jp-OutputArea-child):has(.mr-explorer) { break-inside: auto !important; }
  .mr-explorer :is(figure, tr, h3, section:not(:has(details[open]))) { break-inside: avoid; }
  .mr-explorer h3 { break-after: avoid; }
  .mr-explorer .mr-scroll { overflow: visible !important; max-height: none; font-size: 0.75em; container-type: normal;
    background: none; }
  .mr-explorer :is(.mr-controls, .mr-cue, button, .mr-links, details:not([open])), .mr-room-asked {
    display: none !important; }
}
</style>"""
_WIDE = {"min_width": "0", "max_width": "100%", "overflow": "visible"}


class Panel(ipywidgets.VBox):  # type: ignore[misc]
    """One view; `show` puts another one in its place."""

    def __init__(self, released: Released) -> None:
        self._released = released
        self._view: View | None = None
        self._name = ""
        self._content = ipywidgets.HTML()
        self._make = ipywidgets.Button(layout={"width": "auto"})
        self._files = ipywidgets.HTML()
        self._make.on_click(self._make_files)
        row = ipywidgets.HBox([self._make, self._files], layout={"flex_flow": "row wrap", "overflow": "visible"})
        super().__init__([self._content, row], layout=_WIDE)

    def show(self, view: View, where: tuple[str, ...], *, opened: bool) -> None:
        """Put a view in place; files of the one before are taken away."""
        self._view, self._name = view, file_name(view, self._released, where)
        with self._content.hold_sync():
            self._content.value = view_html(view, self._released, self._name, opened=opened)
        self._files.value = ""
        self._make.description = f"Files of “{view.title}”"
        self._make.layout.display = None if view.picture is not None else "none"

    def _make_files(self, _button: Any) -> None:
        if self._view is not None:
            self._files.value = links(self._view.figure_files(), self._name)
