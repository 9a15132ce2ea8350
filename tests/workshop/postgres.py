"""A PostgreSQL of the tests' own: a new cluster in a temporary folder, reached through a socket there."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

USER = "workshop"
_SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "120",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "logging_collector": "off",
}


def missing():
    """What a machine lacks, None where nothing is."""
    if binaries() is None:
        return "needs a PostgreSQL server: install Debian's postgresql, or put initdb and pg_ctl on the PATH"
    if os.geteuid() == 0 and not shutil.which("runuser"):
        return "needs runuser (util-linux): PostgreSQL does not run as root"
    if os.geteuid() == 0 and _owner() is None:
        return "needs a user 'postgres': PostgreSQL does not run as root"
    return None


def binaries():
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


def _owner():
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


class Cluster:
    """A running server; `database()` makes an empty database and gives its address."""

    def __init__(self, *, durable=False):
        self.folder = Path(tempfile.mkdtemp(prefix="mr-pg-"))
        self.password = secrets.token_hex(12)
        self._count = 0
        settings = dict(_SETTINGS, unix_socket_directories=f"'{self.folder}'", fsync="on" if durable else "off")
        if os.geteuid() == 0:
            os.chown(self.folder, _owner().pw_uid, _owner().pw_gid)
        self.folder.chmod(0o755)
        secret = self.folder / "secret"
        secret.write_text(self.password)
        if os.geteuid() == 0:
            os.chown(secret, _owner().pw_uid, _owner().pw_gid)
        secret.chmod(0o600)
        self._run("initdb", "-D", self._data, "-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())
        self.start()

    @property
    def _data(self):
        return str(self.folder / "data")

    def _run(self, program, *arguments):
        command = [str(binaries() / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")

    def start(self):
        self._run("pg_ctl", "-D", self._data, "-l", str(self.folder / "log"), "-w", "-t", "60", "start")

    def stop(self):
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def delete(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, name, *, secret=None):
        return f"postgresql+psycopg://{USER}:{secret or self.password}@/{name}?host={self.folder}"

    def execute(self, statement, name="postgres"):
        import psycopg

        with psycopg.connect(
            host=str(self.folder), user=USER, password=self.password, dbname=name, autocommit=True
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else None

    def database(self):
        self._count += 1
        name = f"store_{self._count}"
        self.execute(f"CREATE DATABASE {name}")
        return self.address(name)
