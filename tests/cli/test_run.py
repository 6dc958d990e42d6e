"""gateway/cli/run.py: what the parent has ready before it forks workers."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli import run
from gateway.cli.output import No
from gateway.password_rules import WordsMissing, common_passwords, swedish_words
from gateway.settings.parse import read_settings
from tests.system.gateway import free_port


class Parent:
    """Stands where the parent opens things and forks, and notes what its children inherit."""

    workers = 1

    def __init__(self, *_opened: object) -> None:
        self.read = [one.cache_info().currsize for one in (swedish_words, common_passwords)]

    def run(self) -> None:
        assert self.read == [1, 1], "every worker would read it"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(run, "_Parent", Parent)
    monkeypatch.setattr(run, "set_up_logging", lambda _: None)
    config = tmp_path / "gateway.toml"
    config.write_text(
        f"""
        public_url = "http://localhost:8080"
        listen = {{ address = ["127.0.0.1:{free_port()}"] }}
        admin = {{ address = "127.0.0.1:{free_port()}" }}
        redis = {{ url = "redis://127.0.0.1:1" }}
        upstream = [{{ name = "portal", url = ["http://127.0.0.1:9000"] }}]
        route = [{{ path = "/", upstream = "portal" }}]
        """
    )
    yield config
    gc.unfreeze()


def test_the_words_are_read_before_the_workers_are_forked(config: Path) -> None:
    swedish_words.cache_clear()
    common_passwords.cache_clear()
    run.serve(config, read_settings(config, os.environ))


def test_a_gateway_that_cannot_judge_passwords_does_not_start(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_settings: object) -> None:
        raise WordsMissing("the Swedish words cannot be read: install the package again")

    monkeypatch.setattr(run, "compile_password_rules", missing)
    with pytest.raises(No, match="install the package again"):
        run.serve(config, read_settings(config, os.environ))
