"""Jupyter Server behind the gateway: a kernel over its WebSocket, big files both ways."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import http.client
import json
import os
import time
import uuid
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_websocket

from tests.system.apps import App, running_jupyter
from tests.system.gateway import INSIDE, RunningGateway, running_gateway, wait_for
from tests.system.processes import forget_peak, peak_memory, tree
from tests.system.raw import ask, connect, head
from tests.system.visitor import Answer, Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("jupyter")]

ENDED_WITHIN_S = 2.0
ANSWER_S = 60.0
SIZE = 50 * 1024**2
MOST_MEMORY = 32 * 1024**2
"""What the gateway may hold at most of two 50 MB files on their way: far less than one of them."""
WEBSOCKET = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


@dataclasses.dataclass
class Notebook:
    """A browser at the notebook: a visitor who shows Jupyter's token with each request."""

    gateway: RunningGateway
    jupyter: App
    visitor: Visitor

    def request(self, method: str, path: str, body=None, **fields: str) -> Answer:
        """Send what the notebook's script sends."""
        own = {
            "X-XSRFToken": self.visitor.cookies["_xsrf"],
            "Origin": self.gateway.origin,
            "Referer": self.gateway.origin + "/tree",
            "Sec-Fetch-Mode": "cors",
        }
        return self.visitor.request(method, path, body, **own, **fields)

    def cookies(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.visitor.cookies.items())

    @contextlib.contextmanager
    def socket(self, kernel: str) -> Iterator[ClientConnection]:
        """Open the kernel's WebSocket from the corporate network."""
        port = self.gateway.port
        with open_websocket(
            f"ws://localhost:{port}{channels(kernel)}",
            sock=connect(port, INSIDE),
            origin=self.gateway.origin,
            additional_headers={"Cookie": self.cookies()},
            open_timeout=ANSWER_S,
            max_size=None,
            proxy=None,
        ) as socket:
            yield socket


def channels(kernel: str) -> str:
    return f"/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"


def log_on(gateway: RunningGateway, jupyter: App) -> Notebook:
    visitor = insider(gateway, "anna")
    assert "Jupyter Server" in visitor.get("/").text
    return Notebook(gateway, jupyter, visitor)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    directory = tmp_path_factory.mktemp("jupyter")
    with (
        running_jupyter(directory) as jupyter,
        running_gateway(directory, portal=jupyter.url) as gateway,
    ):
        gateway.add_user("anna")
        yield gateway, jupyter


@pytest.fixture(scope="module")
def notebook(place):
    return log_on(*place)


@pytest.fixture(scope="module")
def kernel(notebook):
    """A kernel's id, started over REST."""
    made = notebook.request(
        "POST", "/api/kernels", json.dumps({"name": "python3"}), Content_Type="application/json"
    )
    assert made.status == 201, made.text
    identity = json.loads(made.body)["id"]
    yield identity
    assert notebook.request("DELETE", f"/api/kernels/{identity}").status == 204


def send(socket: ClientConnection, code: str) -> str:
    """Send code to the kernel; return the id of the request."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "username": "anna",
        "session": "test",
        "date": "2026-11-23T12:00:00Z",
        "version": "5.3",
    }
    content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    socket.send(json.dumps({**message, "channel": "shell", "buffers": []}))
    return header["msg_id"]


def told(socket: ClientConnection, request: str) -> Iterator[tuple[str, dict]]:
    """Yield (type, content) of what the kernel publishes on a request, until it is idle again."""
    while True:
        message = json.loads(socket.recv(timeout=ANSWER_S))
        if message["channel"] == "iopub" and message["parent_header"].get("msg_id") == request:
            yield message["msg_type"], message["content"]
            if message["content"].get("execution_state") == "idle":
                return


def run(socket: ClientConnection, code: str) -> str:
    """Run code; return what it prints, or the name of its error."""
    found = list(told(socket, send(socket, code)))
    errors = [content["ename"] for kind, content in found if kind == "error"]
    printed = [content["text"] for kind, content in found if kind == "stream"]
    return "".join(errors or printed)


def test_code_runs_in_a_kernel(notebook, kernel):
    with notebook.socket(kernel) as socket:
        assert run(socket, "print(6*7)") == "42\n"
        assert run(socket, "print('räksmörgås ' * 20000)") == "räksmörgås " * 20000 + "\n"
        assert run(socket, "len('" + "x" * 300_000 + "')") == ""
        assert run(socket, "1/0") == "ZeroDivisionError"


def test_a_kernel_is_interrupted_and_restarted(notebook, kernel):
    with notebook.socket(kernel) as socket:
        assert run(socket, "kept = 1") == ""
        request = send(socket, "print('begun', flush=True)\nimport time\ntime.sleep(60)")
        events = told(socket, request)
        assert ("stream", {"name": "stdout", "text": "begun\n"}) in events
        assert notebook.request("POST", f"/api/kernels/{kernel}/interrupt").status == 204
        assert "KeyboardInterrupt" in [content.get("ename") for _, content in events]
        assert run(socket, "print(kept)") == "1\n"
    assert notebook.request("POST", f"/api/kernels/{kernel}/restart").status == 200
    with notebook.socket(kernel) as socket:
        assert run(socket, "print(kept)") == "NameError"


def handshake(notebook, kernel, *lines: str, source: str = INSIDE) -> Answer:
    port = notebook.gateway.port
    return ask(port, head("GET", channels(kernel), port, *WEBSOCKET, *lines), source)


def opened(notebook) -> int:
    """How many WebSockets Jupyter has opened, by its own log."""
    return notebook.jupyter.log.read_text().count("Connecting to kernel")


def test_the_handshake_wants_a_session_and_our_origin(notebook, kernel):
    own, cookie = f"Origin: {notebook.gateway.origin}", f"Cookie: {notebook.cookies()}"
    before = opened(notebook)
    for lines, status in (
        ((own,), 401),
        ((own, "Cookie: gateway=" + "A" * 43), 401),
        (("Origin: https://evil.example", cookie), 403),
        (("Origin: null", cookie), 403),
        ((f"Origin: {notebook.gateway.origin}.evil.example", cookie), 403),
        ((own, "Origin: https://evil.example", cookie), 403),
    ):
        assert handshake(notebook, kernel, *lines).status == status, lines
    assert handshake(notebook, kernel, own, cookie).status == 101
    wait_for(lambda: opened(notebook) > before, "the kernel's WebSocket")
    assert opened(notebook) == before + 1


def closes_after(socket: ClientConnection) -> float:
    """Return after how many seconds a WebSocket ends. Raises TimeoutError when it does not."""
    begun = time.monotonic()
    with contextlib.suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=3 * ENDED_WITHIN_S)
    return time.monotonic() - begun


def test_a_log_off_closes_the_open_socket(place, notebook, kernel):
    other = log_on(*place)
    with notebook.socket(kernel) as kept, other.socket(kernel) as socket:
        assert run(socket, "print(6*7)") == "42\n"
        page = other.visitor.get("/.gateway/logout")
        assert other.visitor.post("/.gateway/logout", page.form()).status == 303
        assert closes_after(socket) < ENDED_WITHIN_S
        assert run(kept, "print('still here')") == "still here\n"


@contextlib.contextmanager
def bounded_memory(gateway: RunningGateway) -> Iterator[None]:
    """Fail when the gateway's processes hold much more at their peaks than at the beginning."""
    processes = tree(gateway.process.pid)
    before = sum(map(forget_peak, processes))
    yield
    assert tree(gateway.process.pid) == processes
    grown = sum(map(peak_memory, processes)) - before
    assert grown < MOST_MEMORY, f"grew by {grown / 1024**2:.0f} MiB"


@pytest.fixture(scope="module")
def big_file(tmp_path_factory):
    """50 MB as the contents API takes them (JSON, base64), and their digest."""
    file, digest = tmp_path_factory.mktemp("big") / "upload.json", hashlib.sha256()
    with file.open("wb") as upload:
        upload.write(b'{"type":"file","format":"base64","content":"')
        left = SIZE
        while left:
            piece = os.urandom(min(left, 3 * 2**18))
            left -= len(piece)
            digest.update(piece)
            upload.write(base64.b64encode(piece))
        upload.write(b'"}')
    return file, digest.hexdigest()


def download(notebook: Notebook, path: str) -> tuple[int, str]:
    """Return how many bytes a file has and their digest; it is never held whole."""
    port, digest, length = notebook.gateway.port, hashlib.sha256(), 0
    fields = (f"Cookie: {notebook.cookies()}", f"Referer: {notebook.gateway.origin}/tree")
    with connect(port, INSIDE, ANSWER_S) as connection:
        connection.sendall(head("GET", path, port, *fields))
        with http.client.HTTPResponse(connection) as answer:
            answer.begin()
            assert answer.status == 200
            while piece := answer.read(2**18):
                digest.update(piece)
                length += len(piece)
    return length, digest.hexdigest()


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_fifty_megabytes_go_up_and_come_down_whole(notebook, big_file, framing):
    file, digest = big_file
    length = {"Content-Length": str(file.stat().st_size)} if framing == "length" else {}
    with bounded_memory(notebook.gateway):
        with file.open("rb") as body:
            made = notebook.request(
                "PUT",
                f"/api/contents/{framing}.bin",
                body,
                Content_Type="application/json",
                **length,
            )
        assert made.status == 201, made.text
        stored = (notebook.jupyter.files / f"{framing}.bin").read_bytes()
        assert hashlib.sha256(stored).hexdigest() == digest
        assert download(notebook, f"/files/{framing}.bin") == (SIZE, digest)
