"""Applications that we did not write, as processes on the loopback: Radicale and Jupyter Server."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.system.gateway import free_port, wait_for

STOP_S = 20


@dataclasses.dataclass
class App:
    """A running application: `url` is its own address, `files` where it keeps what it stores."""

    url: str
    files: Path
    log: Path
    process: subprocess.Popen[bytes]

    def answers(self, path: str) -> bool:
        """Whether it serves a path without a redirect or an error. Raises OSError before that."""
        assert self.process.poll() is None, self.log.read_text()
        with urllib.request.urlopen(self.url + path, timeout=3) as answer:
            return answer.status == 200


@contextlib.contextmanager
def running_radicale(directory: Path) -> Iterator[App]:
    """Run Radicale, a CalDAV server, which believes that X-Remote-User is who asks.

    Everybody has calendars of their own and sees nobody else's; the log names every request.
    """
    port, files = free_port(), directory / "collections"
    config = directory / "radicale.ini"
    config.write_text(
        f"""[server]
hosts = 127.0.0.1:{port}
[auth]
type = http_x_remote_user
[rights]
type = owner_only
[storage]
filesystem_folder = {files}
[web]
type = none
[logging]
level = info
"""
    )
    command = [sys.executable, "-m", "radicale", "--config", str(config)]
    with _running("radicale", command, f"http://127.0.0.1:{port}", files, "/.web/") as app:
        yield app


@contextlib.contextmanager
def running_jupyter(directory: Path) -> Iterator[App]:
    """Run Jupyter Server without a logon of its own: what stands in front of it is its guard.

    Its check against requests forged by other sites (XSRF) is on, its home is `directory`.
    """
    port, files = free_port(), directory / "notebooks"
    files.mkdir()
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": files,
        "ServerApp.allow_root": True,
        "ServerApp.allow_remote_access": True,
        "ServerApp.open_browser": False,
        "IdentityProvider.token": "",
        "PasswordIdentityProvider.hashed_password": "",
    }
    command = [sys.executable, "-m", "jupyter_server"]
    command += [f"--{name}={value}" for name, value in options.items()]
    with _running("jupyter", command, f"http://127.0.0.1:{port}", files, "/api/status") as app:
        yield app


@contextlib.contextmanager
def _running(name: str, command: list[str], url: str, files: Path, path: str) -> Iterator[App]:
    """Run a command whose home is the directory that `files` is in, until it serves `path`."""
    home = files.parent
    environment = {
        **os.environ,
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter-config"),
        "JUPYTER_DATA_DIR": str(home / "jupyter-data"),
        "JUPYTER_RUNTIME_DIR": str(home / "jupyter-runtime"),
    }
    place = home / f"{name}.log"
    with place.open("ab") as log:
        process = subprocess.Popen(
            command, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    app = App(url, files, place, process)
    try:
        wait_for(lambda: app.answers(path), f"the start of {name}", 60)
        yield app
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
