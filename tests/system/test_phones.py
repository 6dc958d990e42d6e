"""Ways to a phone, end to end: a provider that dies under a run of logons, receipts, Kannel."""

from __future__ import annotations

import json
import re
import shutil
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from tests.sms.mail_server import MailServer
from tests.sms.smsc import Smsc
from tests.system.gateway import running_gateway, running_stub, wait_for
from tests.system.phone_peers import codes, on_a_loop, running_kannel
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("phones")]

PEOPLE = {f"p{number}": f"+467017407{number}" for number in range(10, 28)}
FIRST = "p10"
WITHIN_S = 10.0


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A gateway whose messages go to an SMSC, by e-mail, or to the phone, in this order."""
    smsc, mail = Smsc(), MailServer()
    with running_stub(tmp_path_factory.mktemp("stub")) as stub, on_a_loop(smsc, mail) as loop:
        sms = f"""[[sms]]
kind = "smpp"
host = "127.0.0.1"
port = {smsc.port}
tls = "none"
username = "esme"
password = "pw"
from = "Portal"
[[sms]]
kind = "smtp"
host = "127.0.0.1"
port = {mail.port}
tls = "none"
from = "portal@example.se"
to = "{{mobile}}@sms.example.se"
countries = ["NO"]
[[sms]]
kind = "46elks"
url = "{stub.phone}/a1/sms"
from = "Portal"
username = "u"
password = "p"
receipts = true
"""
        with running_gateway(
            tmp_path_factory.mktemp("phones"), portal=stub.portal, listen="workers = 2", phones=sms
        ) as gateway:
            rows = [f"{name},{name},{mobile},staff" for name, mobile in PEOPLE.items()]
            gateway.add_users(*rows, "nora,Nora,+4791234567,staff")
            yield gateway, stub, smsc, mail, loop


def arrived(smsc: Smsc, stub, mobile: str) -> list[str]:
    """Return the codes that reached a number, whoever sent them."""
    texts = [message["message"] for message in stub.messages(mobile)]
    return codes(smsc, mobile) + [re.search(r"#(\d{6})", text)[1] for text in texts]


def test_the_first_provider_is_killed_in_a_run_of_logons(place):
    gateway, stub, smsc, mail, loop = place
    took: dict[str, float] = {}

    def log_on(name: str) -> None:
        visitor, begun = Visitor(gateway), time.monotonic()
        assert visitor.password(name).status == 303
        wait_for(lambda: arrived(smsc, stub, PEOPLE[name]), f"a message to {name}", WITHIN_S)
        code = arrived(smsc, stub, PEOPLE[name])[0]
        if name == FIRST:  # on whichever connection: the workers share what they hear
            loop.call_soon_threadsafe(smsc.receipt, smsc.name_for(PEOPLE[name]), b"DELIVRD")
        assert visitor.code(code).status == 303
        took[name] = time.monotonic() - begun
        if len(took) == len(PEOPLE) // 3:
            loop.call_soon_threadsafe(lambda: loop.create_task(smsc.stop()))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(log_on, PEOPLE))
    in_time = [name for name, seconds in took.items() if seconds < WITHIN_S]
    assert len(in_time) >= 0.99 * len(PEOPLE)
    counts = {name: len(arrived(smsc, stub, mobile)) for name, mobile in PEOPLE.items()}
    assert set(counts.values()) == {1}, counts
    by = {event["reason"] for event in gateway.audit() if event["event"] == "code.sent"}
    assert by == {"smpp-1", "46elks-1"}
    assert mail.taken == [], "for other countries"
    (first,) = json.loads(gateway.cli("user", "show", FIRST, "--json").stdout)["messages"]
    assert (first["provider"], first["state"]) == ("smpp-1", "delivered")


def test_a_number_of_another_country_has_its_own_provider(place):
    gateway, _, _, mail, _ = place
    visitor = Visitor(gateway)
    assert visitor.password("nora").status == 303
    wait_for(lambda: mail.taken, "an e-mail", WITHIN_S)
    (message,) = mail.messages()
    assert message["To"] == "+4791234567@sms.example.se"
    code = re.search(r"#(\d{6})", message.get_content())[1]
    assert visitor.code(code).status == 303


def test_what_became_of_a_message_is_told_to_the_helpdesk(place):
    gateway, stub, *_ = place
    name = next(one for one in reversed(PEOPLE) if stub.messages(PEOPLE[one]))
    mobile = PEOPLE[name]
    shown = json.loads(gateway.cli("user", "show", name, "--json").stdout)
    (message,) = shown["messages"]
    assert (message["to"], message["provider"], message["state"]) == (
        f"•••• {mobile[-2:]}", "46elks-1", "sent",
    )  # fmt: skip
    (sent,) = stub.messages(mobile)
    callback = sent["whendelivered"]
    assert callback.startswith(f"{gateway.origin}/.gateway/receipts/46elks-1/")
    receipt = {"id": sent["id"], "status": "delivered", "delivered": "2026-11-22T12:04:03"}
    assert post(callback[:-1] + "_", receipt) == 404
    assert post(callback, receipt) == 204
    assert post(callback, {**receipt, "status": "failed"}) == 204, "the first one counts"
    said = gateway.cli("user", "show", name).stdout
    told = rf"sent \d\d:\d\d to •••• {mobile[-2:]} by 46elks-1, delivered in \d+ s"
    assert re.search(told, said), said
    assert mobile not in gateway.log.read_text()
    wait_for(
        lambda: (
            'portvakt_receipts_total{outcome="delivered",provider="46elks-1"} 1.0'
            in urllib.request.urlopen(f"{gateway.admin}/metrics", timeout=5).read().decode()
        ),
        "the receipt in the metrics",
        10,
    )


def post(url: str, fields: dict[str, str]) -> int:
    try:
        with urllib.request.urlopen(url, urlencode(fields).encode(), timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.mark.skipif(not shutil.which("bearerbox", path="/usr/sbin"), reason="apt install kannel")
def test_kannel_takes_messages_and_hands_them_to_an_smsc(tmp_path):
    smsc = Smsc()
    with (
        running_stub(tmp_path) as stub,
        on_a_loop(smsc) as loop,
        running_kannel(tmp_path, smsc) as url,
    ):
        sms = f"""[[sms]]
kind = "http"
url = "{url}"
method = "GET"
form = {{ username = "portvakt", password = "kannel-pw", charset = "UTF-8", from = "Portal", to = "{{mobile}}", text = "{{text}}", dlr-mask = "3", dlr-url = "{{receipt}}?id={{id}}&status=%d" }}
success_text = "0: Accepted"
"""
        place = tmp_path / "gateway"
        place.mkdir()
        with running_gateway(place, portal=stub.portal, phones=sms) as gateway:
            gateway.add_user("anna", mobile="+46701740699")
            visitor = Visitor(gateway)
            assert visitor.password("anna").status == 303
            wait_for(lambda: codes(smsc, "+46701740699"), "a message through Kannel", WITHIN_S)
            (code,) = codes(smsc, "+46701740699")
            assert visitor.code(code).status == 303
            assert smsc.submitted[0].source[2] == "Portal"
            assert state_of(gateway, "anna") == "sent"
            loop.call_soon_threadsafe(smsc.receipt, smsc.name_for("+46701740699"), b"DELIVRD")
            wait_for(lambda: state_of(gateway, "anna") == "delivered", "a receipt through Kannel")


def state_of(gateway, name: str) -> str:
    """Return what the helpdesk is told of somebody's only message."""
    (message,) = json.loads(gateway.cli("user", "show", name, "--json").stdout)["messages"]
    return message["state"]
