"""The server of `serve_process`, in a system that lets it open few files."""

import resource
import sys

import serve_process

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
    sys.exit(serve_process.main())
