"""Stands for the process that makes a report: its first argument says how it goes."""

import json
import sys
import time
from pathlib import Path

how, *more, session_id = sys.argv[1:]
if how == "page":
    store = more[0]
    from movement_readiness.workshop.store import ResponseStore

    with ResponseStore(store, read_only=True) as opened:
        n = opened.count(session_id).sent
    said = (
        "<!doctype html><title>Report</title><style>p{color:green}</style>"
        f"<p>Report of {n} für {session_id} <script>document.title='bad'</script></p>"
    )
    ids = [f"r{number}" for number in range(n)]
    sys.stdout.buffer.write(json.dumps({"html": said, "response_ids": ids, "n": n}, ensure_ascii=False).encode())
elif how == "refuse":
    sys.stderr.write(
        "noise\nFewer than five people answered, so nothing can be shown without showing single answers.\n"
    )
    sys.exit(2)
elif how == "crash":
    raise SystemExit(1)
elif how == "nonsense":
    sys.stdout.write("not JSON")
elif how == "slow":
    Path(more[0]).write_text("begun")
    time.sleep(60)
