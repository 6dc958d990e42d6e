"""The oracle's client against a socket that plays the gateway."""

from __future__ import annotations

import socket
import threading

import pytest

from bench.oracle.exchange import connected

PAGE = '<form><input type="hidden" name="form_token" value="7.ab"></form>'


@pytest.fixture
def played():
    """Return a function that plays answers on a port, a few bytes at a time."""
    heard: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def play(answers: list[bytes]) -> None:
        connection, _ = listening.accept()
        with connection:
            for answer in answers:
                heard.append(connection.recv(65536))
                for start in range(0, len(answer), 20):
                    connection.sendall(answer[start : start + 20])

    def start(*answers: str):
        data = [answer.encode() for answer in answers]
        thread = threading.Thread(target=play, args=(data,), daemon=True)
        thread.start()
        return listening.getsockname()[1], heard, thread

    with listening:
        yield start


def test_answers_are_read_whole_on_one_connection(played):
    first = (
        f"HTTP/1.1 200 OK\r\nContent-Length: {len(PAGE)}\r\nSet-Cookie: a=1; Path=/\r\n"
        f"Set-Cookie: b=2\r\n\r\n{PAGE}"
    )
    second = "HTTP/1.1 303 See Other\r\nLocation: /x\r\ncontent-length: 0\r\n\r\n"
    port, heard, thread = played(first, second)
    with connected(port) as line:
        page = line.get("/p", "198.18.0.1", {})
        assert (page.status, page.form_token, page.cookies) == (200, "7.ab", {"a": "1", "b": "2"})
        onward = line.post("/p", "198.18.0.2", page.cookies, {"code": "1 2"})
        assert (onward.status, onward.fields["location"], onward.text) == (303, "/x", "")
        assert 0 < onward.seconds < 30
        with pytest.raises(ValueError, match="without a form, status 303"):
            _ = onward.form_token
    thread.join(5)
    assert b"Cookie" not in heard[0]
    assert b"X-Forwarded-For: 198.18.0.2\r\nCookie: a=1; b=2\r\n" in heard[1]
    assert heard[1].endswith(b"Content-Length: 8\r\n\r\ncode=1+2")


def test_a_closed_connection_is_an_error(played):
    port, _, thread = played("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort")
    with connected(port) as line, pytest.raises(ConnectionError):
        line.get("/p", "198.18.0.1", {})
    thread.join(5)
