"""The Containerfile agrees with the project: what it copies, installs, runs, opens and writes.

Nothing is built here: that takes an image to begin with.
"""

from __future__ import annotations

import ast
import fnmatch
import json
import os
import re
import tomllib
from pathlib import Path

import pytest

from gateway.settings.parse import read_settings
from gateway.settings.warnings import warnings
from tests.deploy.test_secrets import VALUES
from tests.system.gateway import ROOT

PLACE = ROOT / "deploy/container"
FILE = (PLACE / "Containerfile").read_text("utf-8")
LINES = re.sub(r"\\\n", " ", FILE).splitlines()
STEPS = [tuple(line.split(maxsplit=1)) for line in LINES if line and not line.startswith("#")]
LAST = max(number for number, (word, _) in enumerate(STEPS) if word == "FROM")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
USER = "10001"
RUN_LOCK = ROOT / "requirements/run.lock"
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)


def steps(word: str, *, last: bool = True) -> list[str]:
    """Return the arguments of an instruction, in the image that runs or in the one that builds."""
    return [rest for name, rest in (STEPS[LAST:] if last else STEPS[:LAST]) if name == word]


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for line in steps("ENV") for pair in line.split())


@pytest.fixture(scope="module")
def settings():
    environ = VALUES | {"PORTVAKT_REDIS_URL": "redis://redis:6379/0"}
    return read_settings(PLACE / "gateway.toml", environ)


def test_every_instruction_is_one_that_is_known_and_none_fetches_by_itself():
    known = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN",
             "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}  # fmt: skip
    assert {word for word, _ in STEPS} <= known
    assert not [
        rest for word, rest in STEPS if word == "RUN" and re.search(r"curl|wget|git ", rest)
    ]


def test_the_base_has_a_version_that_the_project_supports():
    (base,) = [rest for rest in steps("ARG", last=False) if rest.startswith("BASE=")]
    version = re.fullmatch(r"BASE=docker\.io/library/python:(3\.\d+)-slim-bookworm", base)[1]
    lowest = PROJECT["project"]["requires-python"].removeprefix(">=")
    assert [int(part) for part in version.split(".")] >= [int(part) for part in lowest.split(".")]
    assert steps("FROM", last=False) == ["${BASE} AS build"]
    assert steps("FROM") == ["${BASE}"]


def test_what_is_copied_is_there_and_not_ignored():
    lines = (ROOT / ".containerignore").read_text("utf-8").splitlines()
    kept = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    copied = {name for rest in steps("COPY", last=False) for name in rest.split()[:-1]}
    assert all((ROOT / name).exists() for name in copied)
    assert {name.partition("/")[0] for name in copied} == kept
    assert set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= copied
    needed = {PROJECT["project"]["readme"], *PROJECT["project"]["license-files"], "pyproject.toml"}
    assert needed <= copied
    assert not [name for name in copied if fnmatch.fnmatch(name, "*gateway.toml")]


def extras() -> set[str]:
    """Return the extras that people install; "test" is for developers."""
    return {*PROJECT["project"]["optional-dependencies"]} - {"test"}


def test_versions_are_those_of_the_locks_and_verified():
    (install,) = [rest for rest in steps("RUN", last=False) if "--require-hashes" in rest]
    assert "for name in run $EXTRAS" in install
    assert "requirements/$name.lock" in install
    assert any("--no-deps /src" in rest for rest in steps("RUN", last=False))
    named = re.search(r"# EXTRAS are names in requirements/: (.*)\.", FILE)[1].split(", ")
    assert set(named) == extras()
    assert all((ROOT / f"requirements/{name}.lock").exists() for name in named)


@pytest.mark.parametrize(
    "file", sorted((ROOT / "requirements").glob("*.lock")), ids=lambda f: f.stem
)
def test_what_is_in_two_locks_has_one_version(file):
    """They are installed one after the other: a second version would replace the first."""
    pins = [dict(PIN.findall(path.read_text("utf-8"))) for path in (RUN_LOCK, file)]
    differing = {name for name in pins[0].keys() & pins[1].keys() if pins[0][name] != pins[1][name]}
    assert differing == set()
    assert "--hash=sha256:" in file.read_text("utf-8")


def test_no_compiler_and_no_pip_run_with_it():
    installed = re.search(r"apt-get install -y --no-install-recommends ([^&]+)", steps("RUN")[0])[1]
    assert installed.split() == ["libldap-2.5-0"]
    assert any("pip uninstall --yes pip" in rest for rest in steps("RUN", last=False))
    assert steps("COPY") == ["--from=build /opt/portvakt /opt/portvakt"]


def test_it_runs_as_nobody_in_particular_and_as_process_1():
    assert steps("USER") == [f"{USER}:{USER}"]
    assert f"useradd --uid {USER} --gid {USER}" in steps("RUN")[0]
    assert (json.loads(steps("ENTRYPOINT")[0]), json.loads(steps("CMD")[0])) == (
        ["portvakt"],
        ["run"],
    )
    assert "portvakt" in PROJECT["project"]["scripts"]
    assert environment()["PATH"].startswith("/opt/portvakt/bin:")
    assert steps("STOPSIGNAL") == ["SIGTERM"]


def test_what_it_writes_is_the_volume(settings):
    assert steps("VOLUME") == steps("WORKDIR") == [str(settings.state_dir)]
    made = f"install -d -o {USER} -g {USER} -m 0700 {settings.state_dir}"
    assert made in steps("RUN")[0]
    assert settings.audit_file.is_relative_to(settings.state_dir)
    assert f"/{settings.state_dir}/" in settings.directory.url.reveal()


def test_ports_and_the_probe_are_those_of_the_configuration(settings):
    ports = [address.port for address in settings.listen.address] + [settings.admin.port]
    assert steps("EXPOSE") == [" ".join(map(str, ports))]
    probe = json.loads(steps("HEALTHCHECK")[0].partition(" CMD ")[2])
    assert probe[:2] == ["python", "-c"]
    ast.parse(probe[2])
    assert f"http://127.0.0.1:{settings.admin.port}/healthz" in probe[2]
    assert all(address.host == "0.0.0.0" for address in (*settings.listen.address, settings.admin))


def test_the_configuration_is_where_it_is_looked_for_and_holds_no_secret(settings, tmp_path):
    place = Path(environment()["PORTVAKT_CONFIG"])
    assert f"{place}" in (PLACE / "gateway.toml").read_text("utf-8")
    assert str(place) in (PLACE / "README.md").read_text("utf-8")
    found = [one.key for one in warnings(settings, PLACE / "gateway.toml", os.cpu_count() or 1)]
    # The admin address is for the orchestrator, as its comment says; seven signs are the default.
    assert set(found) <= {"admin.address", "password.min_length"}
