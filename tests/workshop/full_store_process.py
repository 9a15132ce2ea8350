"""The server of `serve_process`, on a database that may not grow any more."""

import sys

import serve_process
import sqlalchemy as sa


@sa.event.listens_for(sa.engine.Engine, "connect")
def limit(connection, _):
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")


if __name__ == "__main__":
    sys.exit(serve_process.main())
