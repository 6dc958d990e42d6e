"""Radicale behind the gateway: calendars over CalDAV, of whoever the gateway says is asking."""

from __future__ import annotations

import dataclasses
import datetime as dt
import http.client
import json
import re

import caldav
import pytest

from tests.system.apps import App, running_radicale
from tests.system.gateway import INSIDE, RunningGateway, Stub, running_gateway, running_stub
from tests.system.raw import ask, head
from tests.system.visitor import Answer, Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("radicale")]

NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Portvakt//Test//SV
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20261101T000000Z
DTSTART:20261123T120000Z
DTEND:20261123T130000Z
SUMMARY:{summary}
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")
WHO_AM_I = (
    '<?xml version="1.0"?><propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>'
)
BETWEEN = (
    '<?xml version="1.0"?><C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
    "<prop><getetag/><C:calendar-data/></prop><C:filter><C:comp-filter name='VCALENDAR'>"
    "<C:comp-filter name='VEVENT'><C:time-range start='{start}' end='{end}'/>"
    "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
)
ROUTES = """
[[upstream]]
name = "stub"
url = ["{stub}"]

[[route]]
path = "/debug/"
upstream = "stub"

[[route]]
path = "/"
upstream = "portal"
"""
SPELLINGS = (
    "X-Remote-User", "x-remote-user", "X-REMOTE-USER", "X_Remote_User", "x_remote_user",
    "X-Remote_User", "X_Remote-User", "HTTP_X_REMOTE_USER", "Remote-User", "REMOTE_USER",
)  # fmt: skip
FORGED = (
    *((f"{name}: bob",) for name in SPELLINGS),
    ("X-Remote-User: bob", "X-Remote-User: bob"),
    ("X-Remote-User: bob", "X_Remote_User: bob", "x-remote-user: anna"),
    ("X-Remote-User: bob", "Connection: X-Remote-User"),
    ("Connection: X-Remote-User, X-Forwarded-For",),
    ("X-Remote-User:",),
)


@dataclasses.dataclass
class Place:
    gateway: RunningGateway
    radicale: App
    stub: Stub

    def reached(self) -> int:
        """How many requests Radicale has received, by its own log."""
        return self.radicale.log.read_text().count(" request for '")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    directory = tmp_path_factory.mktemp("radicale")
    with (
        running_stub(directory) as stub,
        running_radicale(directory) as radicale,
        running_gateway(
            directory,
            portal=radicale.url,
            phone=stub.phone,
            upstream='identity = { X-Remote-User = "{user}" }',
            routes=ROUTES.format(stub=stub.portal),
        ) as gateway,
    ):
        gateway.add_users("anna,Anna Åkesson,0701740605,staff", "bob,Bo Berg,0701740606,staff")
        yield Place(gateway, radicale, stub)


@pytest.fixture(scope="module")
def anna(place):
    return insider(place.gateway, "anna")


@pytest.fixture(scope="module")
def bob(place):
    return insider(place.gateway, "bob")


def dav(visitor: Visitor, method: str, path: str, body: str | None = None, **fields) -> Answer:
    """Send what a CalDAV client sends."""
    kind = {"Content-Type": "text/xml; charset=utf-8"} if body else {}
    text = None if body is None else body.encode()
    return visitor.request(method, path, text, **{**kind, **fields})


def principal(answer: Answer) -> str | None:
    """Return the address of who Radicale thinks is asking; None for nobody."""
    found = re.search(r"<current-user-principal>\s*<href>([^<]+)</href>", answer.text)
    return found and found[1]


def make_calendar(visitor: Visitor, path: str) -> None:
    assert dav(visitor, "MKCALENDAR", path).status == 201


def test_a_calendar_over_caldav_after_a_logon_with_a_code(place):
    visitor = Visitor(place.gateway)
    visitor.log_on("anna", place.stub)
    cookie = {"Cookie": f"gateway={visitor.cookies['gateway']}"}
    with caldav.DAVClient(place.gateway.origin, headers=cookie, enable_rfc6764=False) as client:
        calendar = client.principal().make_calendar(name="Arbetspass på Åland", cal_id="pass")
        calendar.add_event(EVENT.format(uid="pass-1", summary="Rondering, räksmörgås"))
        names = [found.get_display_name() for found in client.principal().calendars()]
        assert "Arbetspass på Åland" in names
        hour = dt.timedelta(hours=1)
        [event] = calendar.search(start=NOON - hour, end=NOON + hour, event=True)
        assert event.icalendar_component["SUMMARY"] == "Rondering, räksmörgås"
        assert calendar.search(start=NOON + 5 * hour, end=NOON + 6 * hour, event=True) == []
    [stored] = place.radicale.files.glob("collection-root/anna/pass/*.ics")
    assert "räksmörgås" in stored.read_text("utf-8")


def test_each_method_of_caldav_passes(anna):
    make_calendar(anna, "/anna/metoder/")
    text = EVENT.format(uid="m1", summary="Möte")
    made = dav(anna, "PUT", "/anna/metoder/m1.ics", text, **{"Content-Type": "text/calendar"})
    assert made.status == 201
    listed = dav(anna, "PROPFIND", "/anna/metoder/", WHO_AM_I, Depth="1")
    assert listed.status == 207
    assert "/anna/metoder/m1.ics" in listed.text
    assert principal(listed) == "/anna/"
    inside = BETWEEN.format(start="20261123T000000Z", end="20261124T000000Z")
    found = dav(anna, "REPORT", "/anna/metoder/", inside, Depth="1")
    assert found.status == 207
    assert "SUMMARY:Möte" in found.text
    outside = BETWEEN.format(start="20251123T000000Z", end="20251124T000000Z")
    assert "m1" not in dav(anna, "REPORT", "/anna/metoder/", outside, Depth="1").text
    read = dav(anna, "GET", "/anna/metoder/m1.ics")
    assert "SUMMARY:Möte" in read.text
    assert read.headers["ETag"] == made.headers["ETag"]
    stale = dav(anna, "PUT", "/anna/metoder/m1.ics", text, If_None_Match="*")
    assert stale.status == 412
    there = "/anna/metoder/m2.ics"
    moved = dav(anna, "MOVE", "/anna/metoder/m1.ics", Destination=f"{anna.gateway.origin}{there}")
    assert moved.status == 201
    assert dav(anna, "GET", there).status == 200
    assert "calendar-access" in dav(anna, "OPTIONS", "/anna/").headers["DAV"]
    assert dav(anna, "DELETE", "/anna/metoder/").status == 200
    assert dav(anna, "GET", there).status == 404


def test_a_calendar_is_its_owners_alone(place, anna, bob):
    make_calendar(anna, "/anna/eget/")
    event = "/anna/eget/e.ics"
    text = EVENT.format(uid="e", summary="Hemligt")
    assert dav(anna, "PUT", event, text).status == 201
    assert principal(dav(bob, "PROPFIND", "/", WHO_AM_I, Depth="0")) == "/bob/"
    for method, path, body in (
        ("GET", event, None),
        ("PUT", event, text),
        ("PROPFIND", "/anna/", WHO_AM_I),
        ("PROPFIND", "/anna/eget/", WHO_AM_I),
        ("REPORT", "/anna/eget/", BETWEEN.format(start="20261101T000000Z", end="20261201T000000Z")),
        ("DELETE", "/anna/eget/", None),
        ("MKCALENDAR", "/anna/nytt/", None),
    ):
        answer = dav(bob, method, path, body)
        assert answer.status in {403, 404}, (method, path)
        assert "Hemligt" not in answer.text
    assert "anna" not in dav(bob, "PROPFIND", "/", WHO_AM_I, Depth="1").text
    assert "Hemligt" in dav(anna, "GET", event).text


@pytest.mark.parametrize("name", ["X-Remote-User", "x-remote-user", "X_Remote_User"])
def test_radicale_itself_believes_every_spelling(place, name):
    port = int(place.radicale.url.rpartition(":")[2])
    fields = (f"{name}: bob", "Depth: 0", f"Content-Length: {len(WHO_AM_I)}")
    answer = ask(port, head("PROPFIND", "/", port, *fields) + WHO_AM_I.encode())
    assert principal(answer) == "/bob/"


@pytest.mark.parametrize("lines", FORGED, ids=" + ".join)
def test_nobody_can_say_who_they_are(place, anna, lines):
    cookie = f"Cookie: gateway={anna.cookies['gateway']}"
    fields = (*lines, "Depth: 0", f"Content-Length: {len(WHO_AM_I)}")
    port, body = place.gateway.port, WHO_AM_I.encode()
    answer = ask(port, head("PROPFIND", "/", port, cookie, *fields) + body, INSIDE)
    assert answer.status == 207
    assert principal(answer) == "/anna/"
    before = place.reached()
    answer = ask(port, head("PROPFIND", "/", port, *fields) + body, INSIDE)
    assert answer.status == 401
    assert answer.headers.get_content_type() == "application/problem+json"
    assert place.reached() == before


@pytest.mark.parametrize(
    "line", ["X-Remote-User : bob", " X-Remote-User: bob", "X-Remote\tUser: b"]
)
def test_a_name_that_is_none_is_refused(place, anna, line):
    cookie = f"Cookie: gateway={anna.cookies['gateway']}"
    before = place.reached()
    port = place.gateway.port
    assert ask(port, head("PROPFIND", "/", port, cookie, line), INSIDE).status == 400
    assert place.reached() == before


@pytest.mark.parametrize(
    "name", ["räksmörgås 1.ics", "100%.ics", "a+b&c=d;e.ics", "(x)!~.ics", "日本.ics"]
)
def test_a_name_in_percent_encoding_arrives_as_it_was_sent(place, anna, name):
    every_byte = "".join(f"%{byte:02x}" for byte in name.encode())
    path = "/anna/namn/" + every_byte
    dav(anna, "MKCALENDAR", "/anna/namn/")
    text = EVENT.format(uid=every_byte, summary="Namn")
    try:
        assert dav(anna, "PUT", path, text).status == 201
        assert (place.radicale.files / "collection-root/anna/namn" / name).exists()
        assert "SUMMARY:Namn" in dav(anna, "GET", path).text
    finally:
        dav(anna, "DELETE", path)


@pytest.mark.parametrize("method", ["PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR", "LOCK", "ACL"])
def test_method_target_and_body_cross_to_the_byte(anna, method):
    target = "/debug/echo/%7Eanna/r%C3%A4ks%c3%b6r/a%20b;v=1,2/(c)!'*$&+=:@?q=%2F%3f&&r="
    body = '<?xml version="1.0"?><å/>'
    seen = json.loads(dav(anna, method, target, body, Depth="infinity", If='(["a"])').body)
    assert (seen["method"], seen["target"]) == (method, target)
    assert seen["body"]["text"] == body
    fields = dict(seen["headers"])
    assert (fields["Depth"], fields["If"]) == ("infinity", '(["a"])')
    assert fields["Content-Length"] == str(len(body.encode()))


def test_a_client_that_waits_for_100_continue_is_asked_for_the_body(place, anna):
    make_calendar(anna, "/anna/vantar/")
    body = EVENT.format(uid="v", summary="Väntar").encode()
    connection = http.client.HTTPConnection(
        "127.0.0.1", place.gateway.port, timeout=20, source_address=(INSIDE, 0)
    )
    connection.putrequest("PUT", "/anna/vantar/v.ics", skip_host=True)
    connection.putheader("Host", f"localhost:{place.gateway.port}")
    connection.putheader("Cookie", f"gateway={anna.cookies['gateway']}")
    connection.putheader("Content-Length", str(len(body)))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    interim = connection.sock.recv(4096)
    assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.send(body)
    assert connection.getresponse().status == 201
    connection.close()
