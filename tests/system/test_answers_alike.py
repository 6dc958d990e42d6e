"""No oracle in what is answered: byte for byte the same, whoever is named (ASVS 6.3.8).

How long the answers take is measured by `python -m bench oracle`. What may differ is what the
browser itself brought or was given at random: the name that was typed, form tokens, cookies.
"""

from __future__ import annotations

import re

import pytest

from tests.system.gateway import INSIDE, OUTSIDE, PASSWORD, running_gateway, running_stub
from tests.system.visitor import Answer, Visitor

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("alike")]

WITH_NUMBER, WITHOUT, DISABLED, MADE_UP = KINDS = ("anna", "nora", "dora", "mads")
TESTS = ("out", "in", "reset")
"""Each test asks for names of its own: "anna.out" and so on."""
WRONG = "Vrk7tolm8"
_RANDOM = re.compile(r"\d{9,12}\.[0-9a-f]{64}|[\w-]{43}|[0-9a-f]{32}")
_REFERENCE = re.compile(r"<code>([0-9a-f]{10}-[0-9a-f]+)</code>")
"""Counts the requests of a worker, whoever they are about."""
_LENGTH = "Content-Length"

Seen = tuple[int, tuple[tuple[str, str], ...], str]


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    with running_stub(tmp_path_factory.mktemp("stub")) as stub:
        yield stub


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, stub):
    directory = tmp_path_factory.mktemp("alike")
    with running_gateway(directory, portal=stub.portal, phone=stub.phone) as gateway:
        file = directory / "users.csv"
        lines = ["user,name,mobile,enabled,password"]
        for test in TESTS:
            lines += [
                f"{WITH_NUMBER}.{test},Anna Ek,0701740605,yes,{PASSWORD}",
                f"{WITHOUT}.{test},Nora Ek,,yes,{PASSWORD}",
                f"{DISABLED}.{test},Dora Ek,0701740606,no,{PASSWORD}",
            ]
        file.write_text("\n".join(lines))
        gateway.cli("user", "import", str(file))
        yield gateway


def seen(answer: Answer, name: str) -> Seen:
    """Return an answer as a stranger sees it, less what is random or was typed."""

    def plain(text: str) -> str:
        return _RANDOM.sub("RANDOM", text.replace(name, "NAME"))

    fields = [(k, plain(v)) for k, v in answer.headers.items() if k not in {"Date", _LENGTH}]
    reference = _REFERENCE.search(answer.text)
    text = answer.text if reference is None else answer.text.replace(reference[1], "REFERENCE")
    length = int(answer.headers[_LENGTH]) - len(answer.body)
    return answer.status, (*fields, (_LENGTH, str(length))), plain(text)


def failed_logons(gateway, name: str, password: str, source: str) -> list[Seen]:
    """Fail to log on until locked, and once more; a form is fetched for each try."""
    visitor = Visitor(gateway, source)
    return [seen(visitor.password(name, password), name) for _ in range(7)]


def failed_reset(gateway, name: str) -> list[Seen]:
    """Ask for a reset, type wrong codes until it is over, and ask again."""
    visitor = Visitor(gateway)
    page = visitor.get("/.gateway/reset")
    answers = [page, visitor.post("/.gateway/reset", page.form() | {"username": name})]
    page = visitor.get("/.gateway/reset/code")
    again = visitor.post("/.gateway/reset", page.form(1))
    answers += [page, again, visitor.get("/.gateway/reset/code")]
    for _ in range(5):
        page = visitor.get("/.gateway/reset/code")
        answers += [page, visitor.post("/.gateway/reset/code", page.form() | {"code": "000000"})]
    answers += [visitor.get("/.gateway/reset/code"), visitor.get("/.gateway/reset")]
    return [seen(answer, name) for answer in answers]


@pytest.mark.parametrize(("test", "source"), [("out", OUTSIDE), ("in", INSIDE)])
def test_a_failed_logon_is_answered_alike(gateway, test, source):
    wrong = {
        kind: failed_logons(
            gateway, f"{kind}.{test}", PASSWORD if kind == DISABLED else WRONG, source
        )
        for kind in KINDS
    }
    first = wrong[MADE_UP]
    assert [status for status, _, _ in first] == [401] * 5 + [429] * 2
    assert "The user name or password is incorrect." in first[0][2]
    for kind, answers in wrong.items():
        assert answers == first, kind


def test_a_reset_is_answered_alike(gateway):
    asked = {kind: failed_reset(gateway, f"{kind}.reset") for kind in KINDS}
    first = asked[MADE_UP]
    assert [status for status, _, _ in first[:5]] == [200, 303, 200, 303, 200]
    assert [status for status, _, _ in first[6:15:2]] == [401] * 5
    for kind, answers in asked.items():
        assert answers == first, kind
