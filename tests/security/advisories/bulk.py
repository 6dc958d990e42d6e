"""Too much of everything: heads, fields, cookies, bodies, forms, frames, and too slowly."""

from __future__ import annotations

import contextlib
import gzip
import time
from urllib.parse import urlencode

from tests.security.advisories.replay import Replay, attack, status, statuses
from tests.security.attacker import LOGON, OTP, RESET
from tests.system.gateway import INSIDE
from tests.system.processes import forget_peak, peak_memory, workers_of
from tests.system.raw import connect

GET = "GET /static/bulk HTTP/1.1\r\nHost: {host}\r\n"
MEMORY = 32 * 2**20


@contextlib.contextmanager
def bounded(case: Replay):
    """See that no worker holds much more than before, and that all of them live."""
    workers = workers_of(case.place.gateway.process.pid)
    before = {pid: forget_peak(pid) for pid in workers}
    yield
    for pid, held in before.items():
        assert peak_memory(pid) - held < MEMORY, case.told("memory", peak_memory(pid) - held)
    assert workers_of(case.place.gateway.process.pid) == workers, "they are the same ones"
    assert case.place.gateway.is_ready()


def stream(case: Replay, data: bytes, piece: int) -> bytes:
    """Send in pieces until the gateway answers or closes; return what it said."""
    said = bytearray()
    with connect(case.place.gateway.port, timeout=8) as connection:
        with contextlib.suppress(ConnectionError, TimeoutError):
            for at in range(0, len(data), piece):
                connection.sendall(data[at : at + piece])
        with contextlib.suppress(ConnectionError):
            while got := connection.recv(65536):
                said += got
    return bytes(said)


@attack("big-heads")
def heads_that_do_not_end(case: Replay) -> None:
    """Each kind of too much in a head: a refusal within the budget, never the portal."""
    kinds = {
        "value": lambda: (GET + "X: " + "a" * 2**22, 65536),
        "value dripped": lambda: (GET + "X: " + "a" * 200_000, 100),
        "name": lambda: (GET + "a" * 2**20 + ": x\r\n\r\n", 65536),
        "fields": lambda: (GET + "X: a\r\n" * 100_000 + "\r\n", 65536),
        "cookies": lambda: (GET + ("Cookie: " + "a" * 4096 + "\r\n") * 300 + "\r\n", 65536),
        "url 70 KiB": lambda: (
            "GET /static/" + "a" * 70_000 + " HTTP/1.1\r\nHost: {host}\r\n\r\n",
            65536,
        ),
        "url": lambda: ("GET /static/" + "a" * 2**24, 65536),
        "129th": lambda: (
            GET + "X: a\r\n" * 128 + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            65536,
        ),
        "long name": lambda: (
            GET + "Content-Length0" + "a" * 270 + ":\r\nContent-Length: 5\r\n\r\nhello",
            65536,
        ),
        "blank lines": lambda: ("\r\n" * 100_000 + GET, 65536),
    }
    with bounded(case):
        for kind in case.row.tries:
            text, piece = kinds[kind]()
            answer = stream(case, case.bytes_of(text), piece)
            good = {400, 414, 431} | ({200, 404} if kind == "long name" else set())
            assert status(answer) in good | {0}, case.told(kind, answer[:200])
            assert len(statuses(answer)) <= 1, case.told(kind, answer[:500])
    assert len(case.reached()) <= ("long name" in case.row.tries)


@attack("big-bodies-in-chunks")
def chunks_that_do_not_end(case: Replay) -> None:
    """Extensions and trailers of megabytes, a million chunks of one byte: cut, or one body."""
    head = "POST /static/bulk HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    kinds = {
        "extension": "5;" + "a" * 2**22,
        "trailers": "0\r\n" + "X: a\r\n" * 200_000 + "\r\n",
        "one trailer": "0\r\nX: " + "a" * 2**22 + "\r\n\r\n",
        "bytes": "1\r\na\r\n" * 200_000 + "0\r\n\r\n",
        "size": "0" * 100_000 + "5\r\nhello\r\n0\r\n\r\n",
    }
    with bounded(case):
        for kind in case.row.tries:
            answer = stream(case, case.bytes_of(head + kinds[kind]), 65536)
            good = {400, 413, 431, 0} | ({200, 404, 405} if kind == "bytes" else set())
            assert status(answer) in good, case.told(kind, answer[:200])
    assert all(one["target"] == "/static/bulk" for one in case.reached())


@attack("pipelines")
def requests_in_one_write(case: Replay) -> None:
    """Thousands of requests in one write: answered in order as far as they are, memory bounded."""
    with bounded(case):
        for count in case.row.tries:
            data = case.bytes_of("GET /.gateway/nothing HTTP/1.1\r\nHost: {host}\r\n\r\n") * count
            begun = time.process_time()
            with connect(case.place.gateway.port, timeout=5) as connection:
                connection.settimeout(1)
                with contextlib.suppress(OSError):
                    connection.sendall(data)
                with contextlib.suppress(OSError):
                    connection.recv(4096)
            assert time.process_time() - begun < 5


@attack("big-forms")
def forms_that_are_too_much(case: Replay) -> None:
    """To pages of ours: codings, parts without end, many fields: refused, and quickly forgotten."""
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    kinds = {
        "gzip": ("application/x-www-form-urlencoded", gzip.compress(b"a=" + b"b" * 2**22), "gzip"),
        "bad gzip": ("application/x-www-form-urlencoded", b"\x1f\x8bnothing", "gzip"),
        "br": ("application/x-www-form-urlencoded", b"\x5b\xff\xff\x03" * 1000, "br"),
        "deflate": ("application/x-www-form-urlencoded", b"\x78\x9c" + b"\0" * 1000, "deflate"),
        "two codings": ("application/x-www-form-urlencoded", b"a=b", "gzip, gzip"),
        "parts": ("multipart/form-data; boundary=b", part * 5_000 + b"--b--", ""),
        "part head": ("multipart/form-data; boundary=b", b"--b\r\nX: " + b"a" * 2**20, ""),
        "cut inside a part": ("multipart/form-data; boundary=b", part[:40], ""),
        "no boundary": ("multipart/form-data", part, ""),
        "fields": (
            "application/x-www-form-urlencoded",
            urlencode([("a", "b")] * 20_000).encode(),
            "",
        ),
        "separators": ("application/x-www-form-urlencoded", b"username=" + b"&=;" * 350_000, ""),
        "long value": ("application/x-www-form-urlencoded", b"username=" + b"a" * 2**20, ""),
        "links": ("application/x-www-form-urlencoded", b"username=" + b"http://a." * 1_500, ""),
        "deep json": ("application/json", b"[" * 10_000, ""),
    }
    with bounded(case):
        for kind in case.row.tries:
            media, body, coding = kinds[kind]
            for page in (LOGON, RESET, OTP):
                fields = {"Content_Type": media, "Origin": case.place.gateway.origin}
                fields |= {"Content_Encoding": coding} if coding else {}
                head = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in fields.items())
                text = f"POST {page} HTTP/1.1\r\nHost: {{host}}\r\n{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                answer = stream(case, case.bytes_of(text) + body, 65536)
                assert status(answer) in {400, 403, 413, 415, 0}, case.told(
                    kind, page, answer[:200]
                )
        huge = f"POST {LOGON} HTTP/1.1\r\nHost: {{host}}\r\nContent-Length: {2**62}\r\n\r\n"
        assert status(case.talk(case.bytes_of(huge))) in {400, 413}


@attack("slow-clients")
def clients_that_send_slowly(case: Replay) -> None:
    """Heads that drip and bodies that never come, held open: others are served, these are cut."""
    texts = {
        "head": "GET /static/slow HTTP/1.1\r\nHost:",
        "body": "POST /static/slow HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000\r\n\r\n",
        "form": f"POST {LOGON} HTTP/1.1\r\nHost: {{host}}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\nusername=a",
    }
    with contextlib.ExitStack() as stack, bounded(case):
        held = []
        for kind in case.row.tries:
            for _ in range(20):
                connection = stack.enter_context(connect(case.place.gateway.port, timeout=6))
                connection.sendall(case.bytes_of(texts[kind]))
                held.append((kind, connection))
        for _ in range(20):
            assert status(case.get("/debug/echo", cookie=case.place.anna, source=INSIDE)) == 200
            assert status(case.get(LOGON)) == 200
        for kind, connection in held:
            if kind == "head":
                assert status(connection.recv(4096)) == 408, case.told(kind)
                assert connection.recv(4096) == b""


@attack("frames")
def frames_of_a_web_socket(case: Replay) -> None:
    """Frames that no server could hold, through a tunnel: memory stays, others are served."""
    kinds = {
        "2^63": b"\x81\xff" + b"\xff" * 8 + b"mask",
        "reserved": b"\xf1\x85maskhello",
        "long ping": b"\x89\xfe\x10\x00mask" + b"a" * 4096,
        "fragments": b"\x01\x81maska" + b"\x00\x81maska" * 20_000,
        "pings": b"\x89\x80mask" * 20_000,
        "unfinished": b"\x01\xff" + (2**24).to_bytes(8, "big") + b"mask" + b"a" * 2**22,
        "bomb": b"\xc1\xfe\x03\xe8mask" + b"\0" * 1000,
    }
    upgrade = (
        "GET /debug/ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Extensions: permessage-deflate\r\nCookie: {case.place.anna}\r\n"
    )
    with bounded(case):
        for kind in case.row.tries:
            head = f"{upgrade}Origin: http://{case.place.host}\r\n\r\n"
            with connect(case.place.gateway.port, INSIDE, 5) as socket:
                socket.sendall(case.bytes_of(head))
                assert status(socket.recv(4096)) == 101
                socket.settimeout(2)
                with contextlib.suppress(OSError):
                    socket.sendall(kinds[kind])
                with contextlib.suppress(OSError):
                    socket.recv(4096)
            assert status(case.get("/debug/echo", cookie=case.place.anna, source=INSIDE)) == 200


@attack("web-socket-origins")
def web_sockets_of_other_sites(case: Replay) -> None:
    """A handshake that another site's page makes: refused before the portal hears of it."""
    upgrade = ["Upgrade: websocket", "Connection: Upgrade, close", "Sec-WebSocket-Version: 13"]
    upgrade += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Cookie: {case.place.anna}"]
    for origin in case.row.tries:
        lines = [*upgrade, *(line for line in origin.split("\n") if line)]
        text = "\r\n".join(["GET /debug/ws HTTP/1.1", "Host: {host}", *lines, "", ""])
        answer = case.talk(case.bytes_of(text), source=INSIDE)
        assert status(answer) in {400, 403}, case.told(origin, answer[:200])
        assert case.reached() == [], case.told(origin)
