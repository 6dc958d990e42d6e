"""What a start would stumble over is told with its line, and with the rest."""

from __future__ import annotations

import pytest

from gateway.checking import read_checked
from gateway.settings.problems import SettingsError
from tests.settings.samples import NEXT, SMALL, write

TLS = "[listen]\ntls = { certificate = 'a.pem', key = 'a.pem' }\n"
DRIVER = "[directory]\nkind = 'sql'\nurl = 'postgresql://u:hidden@h/d?sslmod=x'\n"


def refused(directory, text) -> SettingsError:
    with pytest.raises(SettingsError) as error:
        read_checked(write(directory, text), {})
    return error.value


def test_what_can_be_served_by(tmp_path):
    assert read_checked(write(tmp_path, SMALL), {}).digest


def test_a_certificate_and_a_driver_at_once(tmp_path):
    (tmp_path / "a.pem").write_text("no certificate\n")
    error = refused(tmp_path, SMALL + TLS + DRIVER)
    assert [(one.line, one.key) for one in error.problems] == [
        (NEXT + 1, "listen.tls"),
        (NEXT + 4, "directory.url"),
    ]
    assert "hidden" not in str(error)
    assert [path.name for path in error.files if path.suffix == ".pem"] == ["a.pem"]


def test_an_authority_that_is_none(tmp_path):
    (tmp_path / "ca.pem").write_text("nothing\n")
    text = SMALL.replace("http://127.0.0.1:9000", "https://127.0.0.1:9000")
    error = refused(tmp_path, text.replace('name = "portal"', 'name = "portal"\ntls_ca = "ca.pem"'))
    assert [one.key for one in error.problems] == ["upstream[1].tls_ca"]


def test_ways_to_a_phone(tmp_path, monkeypatch):
    (tmp_path / "ca.pem").write_text("nothing\n")
    mail = "host = 'h.se'\nfrom = 'a@b.se'\nto = '{mobile}@b.se'\ntls_ca = 'ca.pem'\n"
    smsc = "host = 'h.se'\nfrom = 'A'\nusername = 'u'\npassword = 'p'\n"
    text = f"{SMALL}[[sms]]\nkind = 'smtp'\n{mail}[[sms]]\nkind = 'smpp'\n{smsc}"
    assert [one.key for one in refused(tmp_path, text).problems] == ["sms[1].tls_ca"]
    monkeypatch.setattr("gateway.sms.making.find_spec", lambda _: None)
    problems = refused(tmp_path, text).problems
    assert [one.key for one in problems] == ["sms[1].tls_ca", "sms[2].kind"]
    assert "portvakt[smpp]" in problems[1].found


def test_traces_need_their_library(tmp_path, monkeypatch):
    text = SMALL + "[telemetry]\ntraces = 'http://127.0.0.1:4318/v1/traces'\n"
    assert read_checked(write(tmp_path, text), {}).telemetry.traces
    monkeypatch.setattr("gateway.checking.find_spec", lambda _: None)
    (problem,) = refused(tmp_path, text).problems
    assert (problem.line, problem.key) == (NEXT + 1, "telemetry.traces")
    assert "portvakt[otel]" in problem.found


def test_what_follows_the_state_directory(tmp_path):
    path = write(tmp_path, 'state_dir = "new"\n' + SMALL)
    settings = read_checked(path, {}, state_dir=tmp_path / "old")
    assert settings.state_dir == tmp_path / "old"
    assert settings.audit_file.is_relative_to(tmp_path / "old")
    assert str(tmp_path / "old") in settings.directory.url.reveal()
