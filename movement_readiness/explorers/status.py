"""A line of text that screen readers read out when it changes; and keys that stay the explorer's own."""

from __future__ import annotations

import anywidget
import traitlets

__all__ = ["Status"]


class Status(anywidget.AnyWidget):
    """What has just been shown.

    A widget of its own because a live region has to stay in the page while its text changes; the HTML widget puts a
    new one in its place, which many screen readers do not read out. It also tells JupyterLab to leave the keys to the
    explorer: a notebook takes the arrows (and d, x and others) from a list that has the focus. And it makes the
    explorer a region with a name, which those who cannot see the page jump to.
    """

    _esm = """
    function render({ model, el }) {
      el.classList.add("mr-status");
      el.setAttribute("role", "status");
      el.setAttribute("aria-live", "polite");
      const tell = () => { el.textContent = model.get("text"); };
      model.on("change:text", tell);
      tell();
      const keep = (left) => {
        const explorer = el.closest(".mr-explorer");
        if (explorer) {
          explorer.addEventListener("keydown", (event) => event.stopPropagation());
          explorer.setAttribute("role", "region");
          const name = model.get("region");
          const others = document.querySelectorAll(`.mr-explorer[aria-label^="${name}"]`).length;
          explorer.setAttribute("aria-label", others ? `${name} (${others + 1})` : name);
        }
        else if (left) setTimeout(keep, 100, left - 1);
      };
      keep(100);
    }
    export default { render };
    """
    text = traitlets.Unicode().tag(sync=True)
    region = traitlets.Unicode().tag(sync=True)
