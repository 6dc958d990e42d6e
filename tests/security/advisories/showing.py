"""What is shown, logged, served and told: hostile text stays text, and secrets stay inside."""

from __future__ import annotations

import json
import re
import socket
import threading
from urllib.parse import quote

from tests.security.advisories.replay import Replay, attack, location, status
from tests.security.attacker import LOGON, OTP, RESET
from tests.system.gateway import INSIDE, PASSWORD
from tests.system.visitor import Visitor

MARK = "zqxj"
"""Stands in every hostile text, so that what comes back of it can be found."""


def is_text(case: Replay, tried: str, answer: bytes) -> None:
    """See that nothing of it became markup, script, a template's value or a header."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert 0 < status(answer) < 500, case.told(tried, answer[:200])
    for bad in (f"<{MARK}", f"{MARK}>", f"{MARK}=49", f'"{MARK}', f"'{MARK}"):
        at = body.find(bad.encode())
        assert at < 0, case.told(tried, bad, body[max(0, at - 100) : at + 100])
    assert b"\r\nX-" + MARK.encode() not in head, case.told(tried, head)
    if b"text/html" in head and status(answer) == 200:
        policy = re.search(rb"(?im)^content-security-policy: ([^\r]*)", head)
        assert policy is not None, case.told(tried, "no policy")
        assert b"unsafe-inline" not in policy[1]


@attack("injected-text")
def hostile_text_in_every_field(case: Replay) -> None:
    """Markup, templates and controls in query, form, cookie and field: shown as text, or not at all."""
    for text in case.row.tries:
        value = quote(text, safe="")
        for page in ("logon", "otp", "reset", "account", "apps", "help", "logout", "nothing"):
            target = f"/.gateway/{page}?next={value}&tab={value}&notice={value}&username={value}"
            is_text(case, text, case.get(target, cookie=case.place.anna, source=INSIDE))
            is_text(
                case, text, case.get(target, f"Referer: http://a/{value}", f"User-Agent: {value}")
            )
        for target in (f"/{value}", f"/hr/{value}", f"/.gateway/{value}"):
            is_text(
                case,
                text,
                case.get(target, "Accept: text/html", cookie=case.place.anna, source=INSIDE),
            )
        browser = Visitor(case.place.gateway, "127.0.9.250")
        for page, name in ((LOGON, "username"), (RESET, "username"), (OTP, "code")):
            form = browser.get(LOGON if page == OTP else page).form_to(
                LOGON if page == OTP else page
            )
            answer = browser.post(page, form | {name: text, "password": "x", "next": text})
            raw = f"HTTP/1.1 {answer.status} x\r\n{answer.headers}\r\n\r\n{answer.text}".encode()
            assert answer.status < 500, case.told(text, page)
            is_text(case, text, raw.replace(b"\nContent", b"\r\nContent"))
        for cookie in (
            f"gateway={value}",
            f"gateway-language={value}",
            f"gateway-trail={value}",
            f"gateway-form={value}",
        ):
            is_text(case, text, case.get(LOGON, f"Cookie: {cookie}"))


@attack("hostile-names", people=True)
def hostile_names_from_the_directory(case: Replay) -> None:
    """A display name with links, markup and line breaks: escaped on pages, absent from messages."""
    other = case.browser()
    other.password(case.victim)
    case.code()
    usual = re.sub(r"\d{6}", "", case.messages(case.phone)[-1])
    for number, name in enumerate(case.row.tries):
        user = f"n{case.number}{number}"
        mobile = f"+4670430{case.number:02}{number:02}"
        words = ["user", "add", user, "--name", name, "--mobile", mobile, "--password-stdin"]
        done = case.place.operate(*words, stdin=PASSWORD + "\n")
        if done.exit_code:
            assert "\n\n" not in done.output
            continue
        outside = case.browser()
        outside.password(user)
        case.code(mobile)
        for text in case.messages(mobile):
            assert MARK not in text, case.told(text)
            assert re.sub(r"\d{6}", "", text) == usual, case.told(name, text)
        inside = Visitor(case.place.gateway, INSIDE)
        inside.log_on(user)
        for page in ("account", "apps", "logout"):
            shown = inside.get(f"/.gateway/{page}")
            assert f"<{MARK}" not in shown.text, case.told(name, page)
        inside.get("/debug/echo")
        for request in case.reached():
            for key, value in request["headers"]:
                assert key != MARK, case.told(name, key, value)
                assert "\n" not in value, case.told(name, key, value)


@attack("log-lines", people=True)
def text_that_forges_log_lines(case: Replay) -> None:
    """Line ends and escapes in names, paths and fields: the audit stays one object a line."""
    before = len(case.place.gateway.audit())
    size = case.place.gateway.log.stat().st_size
    for text in case.row.tries:
        browser = case.browser()
        form = browser.get(LOGON).form_to(LOGON)
        answer = browser.post(LOGON, form | {"username": text, "password": "x"})
        assert answer.status in {400, 401, 413, 429}
        case.get("/hr/" + quote(text[:500]), cookie=case.place.anna, source=INSIDE)
    raw = (case.place.gateway.state_dir / "audit.jsonl").read_bytes()
    for line in raw.splitlines()[before:]:
        assert isinstance(json.loads(line), dict)
        assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", line), case.told(line)
        assert len(line) < 4096, case.told("a long line", line[:200])
        assert "\u2028" not in line.decode()
    grown = case.place.gateway.log.read_bytes()[size:]
    assert b"\x1b" not in grown
    assert b"forged" not in grown


@attack("log-flood")
def a_flood_of_broken_requests(case: Replay) -> None:
    """Many broken requests: the log does not grow with them."""
    size = case.place.gateway.log.stat().st_size
    for count in case.row.tries:
        bad = "; ".join(f'a{number}=\u0080b,"c' for number in range(100))
        for number in range(count):
            case.get(f"/x{number}", f"Cookie: {bad}; gateway={number}")
            case.talk(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n")
    assert case.place.gateway.log.stat().st_size - size < 16 * 1024
    assert case.reached() == []


@attack("not-for-the-public")
def places_that_are_not_for_the_public(case: Replay) -> None:
    """Admin, set-up, debug and version-control places on the public listener: nothing is there."""
    for target in case.row.tries:
        for method in ("GET", "POST"):
            answer = case.ask(method, target)
            assert status(answer) in {302, 400, 401, 403, 404, 405}, case.told(target, answer[:200])
            assert b"portvakt_" not in answer, case.told(target)
            assert b"Traceback" not in answer
    assert case.reached() == []


@attack("secrets-to-upstreams", people=True)
def what_only_we_may_know(case: Replay) -> None:
    """Our cookies, in every request of a logon, at the portal: never there; nothing in a page."""
    browser = case.browser()
    browser.password(case.victim)
    browser.code(case.code())
    for target in case.row.tries:
        browser.get(
            target, Cookie="; ".join(f"{k}={v}" for k, v in browser.cookies.items()) + "; theirs=1"
        )
        told = browser.get("/.gateway/session")
        for secret in browser.cookies.values():
            assert secret not in told.text
            assert secret not in told.location
    seen = case.reached()
    assert seen
    for request in seen:
        record = json.dumps(request)
        for secret in browser.cookies.values():
            assert secret not in record, case.told(request)
        assert ["Cookie", "theirs=1"] in [list(pair) for pair in request["headers"]]


@attack("outgoing-calls")
def addresses_that_we_should_call(case: Replay) -> None:
    """Addresses in a request, of a listener that counts: nobody calls there."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.3)
    calls: list[object] = []

    def count() -> None:
        try:
            calls.append(listening.accept())
        except TimeoutError:
            return

    thread = threading.Thread(target=count)
    thread.start()
    address = f"127.0.0.1:{listening.getsockname()[1]}"
    for text in case.row.tries:
        start, *lines = text.replace("{address}", address).split("\n")
        answer = case.get(start, *lines)
        assert address not in location(answer) or "next=" in location(answer), case.told(text)
    thread.join()
    listening.close()
    assert calls == []


@attack("static-files")
def files_beside_the_static_ones(case: Replay) -> None:
    """Ways out of our static files: 404 or 400, the same whether there is such a file or not."""
    for target in case.row.tries:
        there = case.get(target)
        absent = case.get(
            target.replace("passwd", "passwx").replace("portvakt.css", "portvakx.css")
        )
        assert status(there) in {302, 400, 401, 404}, case.told(target, there[:200])
        assert status(there) == status(absent), case.told(target)
        assert b"root:" not in there
        bare = [
            re.sub(rb"[0-9a-f]{10}-[0-9a-f]+|passw.|portvak.|Date: [^\r]*", b"", one)
            for one in (there, absent)
        ]
        assert bare[0] == bare[1], case.told(target, bare)
    assert case.reached() == []


@attack("ranges")
def ranges_of_static_files(case: Replay) -> None:
    """Ranges that no server may read, of a file that is there: the whole file, or a refusal."""
    page = case.get(LOGON).decode("latin-1")
    path = re.search(r'"(/\.gateway/static/[^"]+\.css)"', page)[1]
    whole = case.get(path).partition(b"\r\n\r\n")[2]
    for line in case.row.tries:
        answer = case.get(path, line)
        assert status(answer) in {200, 206, 400, 416}, case.told(line, answer[:200])
        assert len(answer) < len(whole) + 4096, case.told(line)
    assert case.place.gateway.is_ready()


@attack("crashing-bytes")
def bytes_that_crash_somebody(case: Replay) -> None:
    """NUL, broken UTF-8 and surrogates in every place, bodies cut short: 4xx, and nobody dies."""
    for text in case.row.tries:
        for lines in (
            "",
            f"Cookie: gateway={text}\r\n",
            f"X: {text}\r\n",
            f"Accept-Language: {text}\r\n",
        ):
            data = f"GET /.gateway/logon?next={quote(text.encode('latin-1'))} HTTP/1.1\r\nHost: {{host}}\r\n{lines}Connection: close\r\n\r\n"
            assert status(case.talk(case.bytes_of(data))) in {200, 303, 400}, case.told(text, lines)
        body = case.bytes_of(f"username={text}&password={text}")
        head = f"POST {LOGON} HTTP/1.1\r\nHost: {{host}}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        for length in (len(body), len(body) + 50):
            data = (
                case.bytes_of(f"{head}Content-Length: {length}\r\nConnection: close\r\n\r\n") + body
            )
            with socket.create_connection(("127.0.0.1", case.place.gateway.port), 5) as connection:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                answer = connection.recv(65536)
            assert status(answer) in {0, 400, 401, 403, 408}, case.told(text, answer[:100])
    assert case.place.gateway.is_ready()
    assert status(case.get("/debug/echo", cookie=case.place.anna, source=INSIDE)) == 200
