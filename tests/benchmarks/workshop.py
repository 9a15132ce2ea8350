"""What a notebook that shows the form costs, and how large the form is; the server has a benchmark of its own.

    python tests/benchmarks/workshop.py

Starts a real kernel as JupyterLab does, shows `ResponseForm` in it, and reads the memory of that process; beside it
the same kernel with nothing loaded, and one with ipywidgets' own widgets for the same items. Ends with exit code 1
when the form's kernel needs 90 MB or more, or form.js has 25 kB or more.
"""

# ruff: noqa: T201  (a script: printing is what it is for)

from __future__ import annotations

import sys
from pathlib import Path

import psutil
from jupyter_client.manager import start_new_kernel

import movement_readiness

MOST_MEGABYTES, MOST_BYTES = 90.0, 25_000
LOOK = "import sys, os; print(os.getpid(), sorted({'pandas', 'scipy', 'matplotlib', 'numpy'} & set(sys.modules)))"
SHOW = """
import movement_readiness as mr
form = mr.ResponseForm(mr.load_instrument(), site="North", team="A3", on_submit=print)
form
"""
PLAIN = """
import ipywidgets
widgets = ipywidgets.VBox([ipywidgets.RadioButtons(options=list("12345"), description=str(item)) for item in range(36)])
widgets
"""


def kernel(code):
    """Megabytes of a kernel after it has run this, and the heavy libraries it has loaded."""
    manager, client = start_new_kernel(startup_timeout=120)
    printed = []

    def told(message):
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])

    try:
        for cell in (code, LOOK):
            reply = client.execute_interactive(cell, timeout=120, output_hook=told)
            if reply["content"]["status"] != "ok":
                raise SystemExit(f"the kernel failed: {reply['content']}")
        number, _, loaded = "".join(printed).strip().splitlines()[-1].partition(" ")
        return psutil.Process(int(number)).memory_info().rss / 1e6, loaded
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def main():
    rows = [("an empty kernel", *kernel("")), ("36 radio groups of ipywidgets", *kernel(PLAIN))]
    used, loaded = kernel(SHOW)
    rows.append(("the form", used, loaded))
    for name, megabytes, libraries in rows:
        print(f"{name:32} {megabytes:6.1f} MB   {'' if libraries == '[]' else libraries}")
    size = (Path(movement_readiness.__file__).parent / "workshop" / "form.js").stat().st_size
    print(f"{'form.js':32} {size:6d} bytes")
    missed = [
        text
        for holds, text in (
            (used < MOST_MEGABYTES, f"the form's kernel needs {used:.1f} MB, expected below {MOST_MEGABYTES:g}"),
            (size < MOST_BYTES, f"form.js has {size} bytes, expected below {MOST_BYTES}"),
            (loaded == "[]", f"the form loads {loaded}"),
        )
        if not holds
    ]
    print("\n".join(f"MISSED: {text}" for text in missed) or "all targets met")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
