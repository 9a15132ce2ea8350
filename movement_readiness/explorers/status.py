"""A line of text that screen readers read out when it changes; and keys that stay the explorer's own."""

from __future__ import annotations

import anywidget
import traitlets

__all__ = ["SPOKEN", "Status"]

# For the page: a line that is read out when its text changes, and what to do with the part of the page it stands in,
# once it stands there; that part's keys are not the notebook's.
SPOKEN = """
    const speak = (model, el) => {
      el.classList.add("mr-status");
      el.setAttribute("role", "status");
      el.setAttribute("aria-live", "polite");
      const tell = () => { el.textContent = model.get("text"); };
      model.on("change:text", tell);
      tell();
    };
    const within = (el, place, found, left = 100) => {
      const part = el.closest(place);
      if (part) {
        part.addEventListener("keydown", (event) => event.stopPropagation());
        found(part);
      }
      else if (left) setTimeout(within, 100, el, place, found, left - 1);
    };
"""


class Status(anywidget.AnyWidget):
    """What has just been shown.

    A widget of its own because a live region has to stay in the page while its text changes; the HTML widget puts a
    new one in its place, which many screen readers do not read out. It also tells JupyterLab to leave the keys to the
    explorer: a notebook takes the arrows (and d, x and others) from a list that has the focus. And it makes the
    explorer a region with a name, which those who cannot see the page jump to.
    """

    _esm = f"""{SPOKEN}
    function render({{ model, el }}) {{
      speak(model, el);
      within(el, ".mr-explorer", (explorer) => {{
        explorer.setAttribute("role", "region");
        const name = model.get("region");
        const others = document.querySelectorAll(`.mr-explorer[aria-label^="${{name}}"]`).length;
        explorer.setAttribute("aria-label", others ? `${{name}} (${{others + 1}})` : name);
      }});
    }}
    export default {{ render }};
    """
    text = traitlets.Unicode().tag(sync=True)
    region = traitlets.Unicode().tag(sync=True)
