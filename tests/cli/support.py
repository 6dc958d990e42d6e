"""`portvakt user …` on a configuration and a directory of its own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from click.testing import CliRunner, Result

from gateway.auth.ports import Unavailable
from gateway.cli.user import user
from gateway.directory.accounts import OnChanged
from gateway.settings.model import Settings

CONFIG = """
public_url = "http://localhost:8080"
[[upstream]]
name = "portal"
url = ["http://127.0.0.1:9000"]
[[route]]
path = "/"
upstream = "portal"
"""


PASSWORD = "Kvx7Torp2"


class Shell:
    """Runs `portvakt user …` on a configuration of its own."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.ended: list[str] = []
        self.store_is_down = False
        self.database = base / "var" / "directory.sqlite3"
        self.config = base / "gateway.toml"
        self.config.write_text(CONFIG)

    def run(self, *words: str, stdin: str = "", ends_sessions: bool = True) -> Result:
        told = {"config": self.config}
        if ends_sessions:
            told |= {"session_ender": self._ender}  # type: ignore[dict-item] - as ctx.obj is
        return CliRunner().invoke(user, words, input=stdin, obj=told)

    def done(self, *words: str, stdin: str = "") -> str:
        result = self.run(*words, stdin=stdin)
        assert (result.exit_code, result.exception) == (0, None), result.output
        return result.stdout

    def refused(self, *words: str, stdin: str = "", code: int = 1) -> str:
        result = self.run(*words, stdin=stdin)
        assert result.exit_code == code, result.output
        assert isinstance(result.exception, SystemExit)
        assert result.stdout == ""
        return result.stderr

    def add(self, name: str, *words: str) -> str:
        return self.done(
            "add",
            name,
            "--name",
            "Anna Andersson",
            *words,
            "--password-stdin",
            stdin=f"{PASSWORD}\n",
        )

    def shown(self, name: str) -> dict[str, object]:
        shown = json.loads(self.done("show", name, "--json"))
        assert isinstance(shown, dict)
        return shown

    def stored(self, column: str) -> list[object]:
        with closing(sqlite3.connect(self.database)) as connection:
            rows = connection.execute(f"SELECT {column} FROM users ORDER BY user_name")
            return [value for (value,) in rows]

    @asynccontextmanager
    async def _ender(self, settings: Settings) -> AsyncIterator[OnChanged]:
        assert settings.state_dir == self.base / "var"

        async def end(name: str) -> None:
            if self.store_is_down:
                raise Unavailable("redis")
            self.ended.append(name)

        yield end
