"""Passwords and codes under fire: races, guesses, refreshes, and where secrets must not appear.

Two workers, so that nothing rests on one process seeing everything.
"""

from __future__ import annotations

import re
import threading
import urllib.parse
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.system.gateway import PASSWORD, running_gateway, running_stub, wait_for
from tests.system.processes import command_line, tree
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("codes")]

PEOPLE = {
    name: f"07017406{number}"
    for number, name in enumerate(
        ("race", "guess", "once", "tabs", "again", "locked", "two", "canary", "storm"), start=10
    )
}
TABLES = """
[one_time_password]
resend_after = "1s"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with (
        running_stub(tmp_path_factory.mktemp("stub")) as stub,
        running_gateway(
            tmp_path_factory.mktemp("codes"),
            portal=stub.portal,
            phone=stub.phone,
            listen="workers = 2",
            tables=TABLES,
        ) as gateway,
    ):
        gateway.add_users(*(f"{name},{name.title()},{n},staff" for name, n in PEOPLE.items()))
        yield gateway, stub


def number_of(name: str) -> str:
    return "+46" + PEOPLE[name][1:]


def messages(stub, name: str) -> list[str]:
    return [message["message"] for message in stub.messages(number_of(name))]


def code_of(stub, name: str) -> str:
    wait_for(lambda: messages(stub, name), f"a message to {name}", 10)
    return stub.code(number_of(name))


def wrong(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 10**6:06}"


def events(gateway, user: str) -> Counter[str]:
    return Counter(line["event"] for line in gateway.audit() if line.get("user") == user)


def at_once(count: int, work) -> list:
    """Run `work` in so many threads that all begin at the same moment; return what they return."""
    barrier = threading.Barrier(count)

    def begin(number: int):
        barrier.wait(30)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def twin(visitor: Visitor) -> Visitor:
    """Return another tab of the same browser."""
    other = Visitor(visitor.gateway, visitor.source)
    other.cookies = dict(visitor.cookies)
    return other


def test_a_hundred_posts_of_the_right_code_open_one_session(place):
    gateway, stub = place
    visitor = Visitor(gateway, "127.0.1.1")
    visitor.password("race")
    form = visitor.get("/.gateway/otp").form() | {"code": code_of(stub, "race")}

    def post(_: int):
        tab = twin(visitor)
        return tab.post("/.gateway/otp", form).status, tab.cookies.get("gateway")

    answers = at_once(100, post)
    statuses = Counter(status for status, _ in answers)
    tokens = {token for _, token in answers if token}
    assert statuses[303] == len(tokens) == 1
    assert set(statuses) <= {303, 401, 429}
    assert events(gateway, "race")["session.opened"] == 1
    assert events(gateway, "race")["code.sent"] == 1
    # The race of right codes locked nobody out.
    again = Visitor(gateway, "127.0.1.1")
    again.password("race")
    wait_for(lambda: len(messages(stub, "race")) == 2, "the second message", 10)
    assert again.code(code_of(stub, "race")).status == 303


def test_five_wrong_codes_end_the_challenge(place):
    gateway, stub = place
    visitor = Visitor(gateway, "127.0.1.2")
    visitor.password("guess")
    code = code_of(stub, "guess")
    page = visitor.get("/.gateway/otp")
    for by in range(1, 6):
        assert visitor.post("/.gateway/otp", page.form() | {"code": wrong(code, by)}).status == 401
    late = visitor.post("/.gateway/otp", page.form() | {"code": code})
    assert late.status == 401
    assert "gateway" not in visitor.cookies
    assert events(gateway, "guess")["session.opened"] == 0


def test_a_storm_of_wrong_codes_has_five_tries_and_no_more(place):
    gateway, stub = place
    visitor = Visitor(gateway, "127.0.1.9")
    visitor.password("storm")
    code = code_of(stub, "storm")
    page = visitor.get("/.gateway/otp")

    def post(number: int) -> int:
        fields = page.form() | {"code": wrong(code, number + 1)}
        return twin(visitor).post("/.gateway/otp", fields).status

    assert set(at_once(40, post)) <= {401, 429}
    judged = [
        line
        for line in gateway.audit()
        if (line["event"], line.get("user"), line["outcome"]) == ("logon.code", "storm", "wrong")
    ]
    assert len(judged) == 5
    assert visitor.post("/.gateway/otp", page.form() | {"code": code}).status in {401, 429}
    assert "gateway" not in visitor.cookies


def test_one_browser_gets_one_message_however_often_it_asks(place):
    gateway, stub = place
    visitor = Visitor(gateway, "127.0.1.3")
    page = visitor.get("/.gateway/logon")
    fields = page.form() | {"username": "once", "password": PASSWORD}

    def post(_: int) -> str:
        tab = twin(visitor)
        assert tab.post("/.gateway/logon", fields).status == 303
        return tab.cookies["gateway-challenge"]

    # Four at a time: five tries under way are as many as a lock allows before it knows better.
    challenges = {challenge for _ in range(5) for challenge in at_once(4, post)}
    assert len(challenges) == 1
    visitor.cookies["gateway-challenge"] = challenges.pop()
    assert {visitor.get("/.gateway/otp").status for _ in range(20)} == {200}
    other_tab = twin(visitor)
    assert other_tab.password("once").status == 303
    assert other_tab.cookies["gateway-challenge"] == visitor.cookies["gateway-challenge"]
    assert visitor.code(code_of(stub, "once")).status == 303
    assert len(messages(stub, "once")) == 1
    assert events(gateway, "once")["code.sent"] == 1


def test_a_resend_repeats_the_code_after_the_wait_and_three_times_at_most(place):
    gateway, stub = place
    visitor = Visitor(gateway, "127.0.1.4")
    visitor.password("again")
    code = code_of(stub, "again")
    form = visitor.get("/.gateway/otp").form(1)
    resent = []

    def resend() -> int:
        answer = visitor.post("/.gateway/otp/resend", form)
        assert (answer.status == 429) == ("Retry-After" in answer.headers)
        resent.append(answer.status)
        return answer.status

    assert resend() == 429
    for count in range(2, 5):
        wait_for(lambda: resend() == 303, "a resend", 5)
        wait_for(lambda count=count: len(messages(stub, "again")) == count, "its message", 5)
    assert "/.gateway/otp/resend" not in visitor.get("/.gateway/otp").text
    assert resend() == 409
    assert resent.count(303) == 3
    assert {re.search(r"\d{6}", text)[0] for text in messages(stub, "again")} == {code}
    assert len(messages(stub, "again")) == 4
    assert visitor.code(code).status == 303


def test_parallel_resends_send_one(place):
    gateway, stub = place
    visitor = Visitor(gateway, "127.0.1.5")
    visitor.password("tabs")
    code_of(stub, "tabs")
    form = visitor.get("/.gateway/otp").form(1)

    def allowed() -> bool:
        statuses = at_once(10, lambda _: twin(visitor).post("/.gateway/otp/resend", form).status)
        assert set(statuses) <= {303, 429}
        return statuses.count(303) == 1

    wait_for(allowed, "a resend", 5)
    wait_for(lambda: len(messages(stub, "tabs")) == 2, "its message", 5)


def test_five_wrong_passwords_lock_this_user_at_this_address_only(place):
    gateway, _ = place
    visitor = Visitor(gateway, "127.0.1.6")
    for number in range(5):
        assert visitor.password("locked", f"Fel{number}Fel").status == 401
    refused = visitor.password("locked")
    assert refused.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert visitor.password("LOCKED", "Fel9Fel").status == 429
    assert visitor.password("two").status == 303
    assert Visitor(gateway, "127.0.1.7").password("locked").status == 303
    assert "logon.locked" in events(gateway, "locked")


def test_a_code_is_good_in_its_own_browser_only(place):
    gateway, stub = place
    first, second = Visitor(gateway, "127.0.1.8"), Visitor(gateway, "127.0.1.8")
    before = len(messages(stub, "two"))
    first.password("two")
    wait_for(lambda: len(messages(stub, "two")) == before + 1, "the first message", 10)
    code = stub.code(number_of("two"))
    second.password("two")
    wait_for(lambda: len(messages(stub, "two")) == before + 2, "the second message", 10)
    assert second.code(code).status == 401
    nobody = Visitor(gateway, "127.0.1.8")
    page = nobody.get("/.gateway/logon")
    assert nobody.post("/.gateway/otp", page.form() | {"code": code}).status in {401, 403}
    assert "gateway" not in second.cookies | nobody.cookies
    assert first.code(code).status == 303


def fail_next_message(stub, mode: str) -> None:
    data = urllib.parse.urlencode({"mode": mode}).encode()
    urllib.request.urlopen(f"{stub.phone}/fail", data, timeout=5).close()


def test_no_secret_appears_in_any_file_or_command_line(place):
    gateway, stub = place
    typed = "Kanariefel7"
    visitor = Visitor(gateway, "127.0.2.1")
    assert visitor.password("canary", typed).status == 401
    fail_next_message(stub, "fail")
    visitor.password("canary")
    wait_for(lambda: events(gateway, "canary")["code.failed"], "the failed message", 15)
    challenge = visitor.cookies["gateway-challenge"]

    def resent() -> bool:
        form = visitor.get("/.gateway/otp").form(1)
        return visitor.post("/.gateway/otp/resend", form).status == 303

    wait_for(resent, "a resend", 10)
    code = code_of(stub, "canary")
    assert visitor.code(wrong(code)).status == 401
    assert visitor.code(code).status == 303
    token = visitor.cookies["gateway"]
    assert visitor.get(f"/debug/echo?{token[:8]}").status == 200
    words = [PASSWORD, typed, token, challenge, PEOPLE["canary"][1:]]
    secrets = [re.escape(word.encode()) for word in words]
    # Six digits stand by chance in a digest or a fraction of a second: only alone they are a code.
    secrets += [rb"(?<![\w.])%b(?!\w)" % one.encode() for one in (code, wrong(code))]
    found = []
    for file in [path for path in gateway.directory.rglob("*") if path.is_file()]:
        kept = file.read_bytes()
        for secret in secrets:
            own = file.name.startswith("directory.sqlite3") and secret == secrets[4]
            if re.search(secret, kept) and not own:
                found.append((file.name, secret))
    for pid in tree(gateway.process.pid):
        called = command_line(pid).encode()
        assert called
        found += [(called, secret) for secret in secrets if re.search(secret, called)]
    assert found == []
