"""``python -m movement_readiness``: the command line."""

import sys

try:
    from movement_readiness.cli import main
except ModuleNotFoundError as error:
    if (error.name or "").startswith("movement_readiness"):
        raise  # a fault of ours, not of the installation
    sys.stderr.write(
        f"movement-readiness: {error.name} is not installed. In a copy of the repository, "
        "python3 -m movement_readiness.start demo installs everything.\n"
    )
    sys.exit(2)

if __name__ == "__main__":
    main()
