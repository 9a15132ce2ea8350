"""A server in a process of its own; its options come as JSON in the first argument."""

import json
import sys
from pathlib import Path

import movement_readiness as mr
from movement_readiness.exceptions import MovementReadinessError
from movement_readiness.workshop.server import ServerOptions, command_reveal, serve


def main():
    given = json.loads(sys.argv[1])
    instrument = mr.load_instrument(given.pop("instrument", None))
    command = given.pop("reveal_command", None)
    tls = given.pop("tls", None)
    token_file = given.pop("token_file", None)
    options = ServerOptions(
        instrument=instrument,
        reveal=command_reveal(command, seconds=given.pop("reveal_seconds", 60)) if command else None,
        tls=tuple(map(Path, tls)) if tls else None,
        token_file=Path(token_file) if token_file else None,
        host_names=tuple(given.pop("host_names", ())),
        **given,
    )
    try:
        return serve(options)
    except MovementReadinessError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
