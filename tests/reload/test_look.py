"""The judge of edits: what is accepted, what is refused, and what never changes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.reload.look import Looker
from gateway.reload.status import Outcome
from tests.reload.support import GOOD, STARTED, Desk
from tests.system.certificates import Authority

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = (ROOT / "gateway.toml").read_text("utf-8")


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path)


def test_the_same_bytes_are_no_edit(desk):
    before = desk.looker.running
    assert desk.look() is None
    assert desk.look(desk.text) is None
    assert desk.looker.running is before
    assert before.status.outcome is Outcome.STARTED


def test_a_path_from_here_is_one_from_the_root(tmp_path, monkeypatch):
    """Else nobody would know which directory to ask."""
    desk = Desk(tmp_path)
    monkeypatch.chdir(tmp_path)
    looker = Looker(Path("gateway.toml"), {}, desk.looker.running)
    assert tmp_path / "gateway.toml" in looker.files
    assert all(path.is_absolute() for path in looker.files)


def test_an_edit_is_in_force(desk):
    text = GOOD + "[session]\nidle = '7m'\n"
    assert desk.look(text) == ()
    assert desk.settings.session.idle.total_seconds() == 420
    status = desk.status
    assert status.digest == hashlib.sha256(text.encode()).hexdigest()[:12] == status.on_disk
    assert (status.number, status.applied, status.rejected) == (1, 1, 0)
    assert (status.outcome, status.at, status.trouble()) == (Outcome.APPLIED, STARTED + 60, "")


def test_a_comment_is_an_edit_too_for_its_digest_is_another(desk):
    assert desk.look(GOOD + "# nothing\n") == ()
    assert desk.status.number == 1
    assert desk.settings == desk.first


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "gateway.toml:1: public_url: found nothing"),
        (GOOD + "nonsense = 1\n", "nonsense: found an unknown key"),
        (GOOD + "[listen\n", "gateway.toml:11: found at column"),
        (b"\xff\xfe", "gateway.toml:1: found bytes that are not UTF-8"),
        (GOOD + "[listen]\ntls = { certificate = 'no.pem', key = 'no.pem' }\n", "no.pem"),
        (GOOD + "[directory]\nkind = 'sql'\nurl = 'postgresql://u:hidden@h/d?sslmod=x'\n", "libpq"),
        (GOOD + "[[route]]\npath = '/'\nupstream = 'portal'\n", "gateway.toml:12: route[2].path"),
    ],
    ids=["empty", "key", "syntax", "bytes", "certificate", "driver", "route"],
)
def test_a_wrong_edit_changes_nothing_and_says_what_is_wrong(desk, text, told):
    running = desk.settings
    problems = desk.look(text)
    assert any(told in problem for problem in problems), problems
    assert not any("hidden" in problem for problem in problems)
    assert desk.settings is running
    status = desk.status
    assert (status.number, status.applied, status.rejected) == (0, 0, 1)
    assert status.outcome is Outcome.REJECTED
    assert status.digest == running.digest[:12]
    assert status.on_disk != status.digest
    assert status.problems == tuple(problems)
    assert status.trouble().startswith(f"the file on disk is refused: {problems[0]}")
    assert desk.look() is None, "it is told once"


def test_every_problem_is_told(desk):
    problems = desk.look(GOOD + "a = 1\nb = 1\n[session]\nidle = 5\n")
    assert [problem.split(":")[1] for problem in problems] == ["11", "12", "14"]
    assert desk.status.trouble().endswith("(and 2 more)")


def test_a_wrong_edit_that_is_taken_back(desk):
    running = desk.settings
    desk.look("nonsense")
    assert desk.look(desk.text) == ()
    assert desk.settings is running
    status = desk.status
    assert (status.outcome, status.number, status.rejected) == (Outcome.UNCHANGED, 0, 1)
    assert status.trouble() == ""


def test_a_file_that_is_gone_and_comes_back(desk):
    desk.path.unlink()
    (problem,) = desk.look()
    assert "no such file" in problem
    assert desk.status.on_disk == ""
    assert desk.look(desk.text) == ()
    assert desk.status.outcome is Outcome.UNCHANGED


def test_a_directory_in_its_place_is_refused(desk):
    desk.path.unlink()
    desk.path.mkdir()
    assert len(desk.look()) == 1
    desk.path.rmdir()


def test_keys_that_need_a_restart_are_named_and_the_rest_is_applied(desk):
    text = GOOD + "[listen]\nworkers = 3\n[session]\nidle = '7m'\n"
    assert desk.look(text) == ()
    assert desk.status.restart == ("listen.workers",)
    assert desk.status.trouble() == "a restart is needed for listen.workers"
    assert desk.settings.listen.workers == 1
    assert desk.settings.session.idle.total_seconds() == 420
    assert desk.look(text.replace("workers = 3", "workers = 1")) == ()
    assert desk.status.trouble() == ""


def test_what_follows_the_state_directory_stays_with_it(desk):
    """Else an edit of state_dir would open an empty directory of users."""
    assert desk.look('state_dir = "elsewhere"\n' + GOOD + "[session]\nidle = '7m'\n") == ()
    assert desk.status.restart == ("state_dir",)
    assert desk.settings.state_dir == desk.first.state_dir
    assert desk.settings.directory == desk.first.directory
    assert desk.settings.audit_file == desk.first.audit_file
    assert desk.settings.session.idle.total_seconds() == 420


def test_a_secret_from_a_file_is_an_edit(tmp_path):
    secret = tmp_path / "password"
    secret.write_text("one\n")
    sms = '[[sms]]\nkind = "http"\nurl = "https://a.se/b"\nform = { a = "{mobile}{text}" }\n'
    desk = Desk(tmp_path, GOOD + sms + 'username = "a"\npassword = { file = "password" }\n')
    assert desk.look() is None
    secret.write_text("two\n")
    assert desk.look() == ()
    assert desk.settings.sms[0].password.reveal() == "two"
    assert desk.status.digest == desk.first.digest[:12]
    secret.unlink()
    assert "no such file" in desk.look()[0]
    assert desk.settings.sms[0].password.reveal() == "two"
    secret.write_text("three")
    assert desk.look() == ()
    assert desk.settings.sms[0].password.reveal() == "three"


def test_a_certificate_is_an_edit_and_one_without_its_key_is_none(tmp_path):
    authority = Authority(tmp_path)
    ours, other = authority.issue("localhost"), authority.issue("other")
    text = f"[listen]\ntls = {{ certificate = '{ours.certificate}', key = '{ours.key}' }}\n"
    desk = Desk(tmp_path, GOOD.replace("http://localhost:8080", "https://localhost") + text)
    ours.certificate.write_bytes(other.certificate.read_bytes())
    (problem,) = desk.look()
    assert "listen.tls" in problem
    ours.key.write_bytes(other.key.read_bytes())
    assert desk.look() == ()
    assert desk.status.number == 1


def test_a_list_of_forbidden_passwords_is_an_edit(tmp_path):
    listed = tmp_path / "forbidden.txt"
    listed.write_text("Sommar26\n")
    desk = Desk(tmp_path, GOOD + '[password]\nforbidden_file = "forbidden.txt"\n')
    listed.write_text("Sommar27\n")
    assert desk.look() == ()
    listed.write_bytes(b"\xff")
    assert len(desk.look()) == 1


def test_a_key_that_was_away_and_came_back_is_no_trouble(tmp_path):
    key = tmp_path / "var" / "secret.key"
    key.parent.mkdir(mode=0o700)
    key.write_text("4c1f2c8f7b0b4e0c9f1a6b7d8e9f0a1b")
    key.chmod(0o600)
    desk = Desk(tmp_path, GOOD.partition("[secrets]")[0])
    key.unlink()
    assert desk.look() == ()
    assert desk.status.restart == ("secrets.key",)
    assert desk.settings.secret_key == desk.first.secret_key
    key.write_text("4c1f2c8f7b0b4e0c9f1a6b7d8e9f0a1b")
    assert desk.look() == ()
    assert desk.status.restart == ()


def test_another_key_waits_for_a_restart(tmp_path):
    key = tmp_path / "key"
    key.write_text("4c1f2c8f7b0b4e0c9f1a6b7d8e9f0a1b\n")
    desk = Desk(tmp_path, GOOD.partition("[secrets]")[0] + '[secrets]\nkey = { file = "key" }\n')
    key.write_text("0123fedc4567ba980123fedc4567ba98\n")
    assert desk.look() == ()
    assert desk.status.restart == ("secrets.key",)
    assert desk.settings.secret_key == desk.first.secret_key


def test_what_nobody_thought_of_is_refused_without_its_text(desk):
    surprise = mock.patch(
        "gateway.reload.look.read_checked", side_effect=KeyError("a secret in an exception")
    )
    with surprise:
        (problem,) = desk.look("x = 1")
    assert problem.startswith("gateway.toml: the gateway failed to read it (KeyError at ")
    assert "a secret" not in problem
    assert desk.settings is desk.first


PIECES = REPOSITORY.splitlines(keepends=True)
LINES = st.integers(0, len(PIECES) - 1)
WORDS = st.sampled_from(
    [
        "",
        "x = 1\n",
        "[[route]]\n",
        "[listen]\n",
        '"',
        "= [\n",
        "\0",
        "true\n",
        "5m",
        "'''",
        "{",
        "]",
    ]
)


@st.composite
def spoilt(draw) -> str:
    """The repository's gateway.toml with lines left out, doubled, switched on or written over."""
    lines = list(PIECES)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(LINES)
        match draw(st.integers(0, 4)):
            case 0:
                lines[place] = ""
            case 1:
                lines[place] *= 2
            case 2:
                lines[place] = lines[place].removeprefix("# ")
            case 3:
                cut = draw(st.integers(0, len(lines[place])))
                lines[place] = lines[place][:cut] + draw(WORDS) + lines[place][cut:]
            case _:
                lines[place] = draw(st.sampled_from(PIECES))
    return "".join(lines)[: draw(st.integers(0, len(REPOSITORY)) | st.just(1 << 20))]


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Desk:
    return Desk(tmp_path_factory.mktemp("property"), REPOSITORY)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400) | spoilt().map(str.encode))
def test_any_bytes_give_a_configuration_or_errors(shared, content):
    """Never a traceback, and never another configuration than before when there is an error."""
    before, status = shared.settings, shared.status
    problems = shared.look(content)
    if problems is None:
        assert (shared.settings, shared.status) == (before, status)
    elif problems:
        assert shared.settings is before
        assert shared.status.digest == status.digest
        assert all(problem.startswith("gateway.toml") for problem in problems)
        assert not any("the gateway failed" in problem for problem in problems), problems
    else:
        on_disk = hashlib.sha256(content).hexdigest()
        assert on_disk.startswith(shared.status.digest)
        assert shared.settings.state_dir == before.state_dir
