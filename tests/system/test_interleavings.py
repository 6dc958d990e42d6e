"""Two hundred employees who refresh, go back, double-click, open tabs and ask again.

Over two workers and a real Redis, counted at the provider: one message a challenge, and one more
for each resend that was granted. `INTERLEAVING=17` in the environment plays number 17 alone.
"""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.directory.passwords import PasswordHasher
from gateway.system import SystemEntropy
from tests.system import interleaving
from tests.system.gateway import PASSWORD, RunningGateway, running_gateway, wait_for
from tests.system.interleaving import RESEND_AFTER_S, RESENDS, Employee
from tests.system.sms_peer import sms_peer

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("interleavings")]

COUNT = 200
AT_ONCE = 24
WIDE = "10000/1h"
TABLES = f"""
[one_time_password]
lifetime = "10m"
attempts = 10
resend_after = "{RESEND_AFTER_S:.0f}s"
resends = {RESENDS}

[lockout]
user_and_address = "1000/5m"
address = "{WIDE}"
user = "1000/1h"

[self_service]
prove_mobile = true

[sms_budget]
number = "{WIDE}"
user = "{WIDE}"
resets = "{WIDE}"
address = "{WIDE}"
total = "{WIDE}"
"""


async def import_people(gateway: RunningGateway, directory: Path) -> None:
    """Add everybody with PASSWORD, hashed once."""
    hasher = PasswordHasher(SystemEntropy())
    phc = await hasher.derive(PASSWORD)
    hasher.close()
    rows = ["user,name,mobile,password_hash"]
    for number in range(COUNT):
        mobile = interleaving.first_number(number)
        rows.append(f'{interleaving.user_of(number)},Pia Ek,{mobile},"{phc}"')
    file = directory / "people.csv"
    file.write_text("\n".join(rows) + "\n")
    gateway.cli("user", "import", str(file))


def chosen() -> list[int]:
    alone = os.environ.get("INTERLEAVING")
    return list(range(COUNT)) if alone is None else [int(alone)]


def faults_of(employee: Employee) -> list[str]:
    """Return what is wrong with the messages of one interleaving."""
    tally, count = employee.tally, len(employee.peer.messages(employee.phone))
    faults = []
    if not tally.least <= count <= tally.most:
        faults.append(f"{count} messages, {tally.least} to {tally.most} expected")
    if len(employee.seen) != tally.challenges:
        faults.append(f"{len(employee.seen)} challenges, {tally.challenges} expected")
    return faults


def in_words(employee: Employee, fault: str) -> str:
    number, journey = employee.number, employee.journey.name
    return f"{fault}\n  INTERLEAVING={number} {journey} {employee.acts}\n  {employee.said}"


@pytest.mark.asyncio
async def test_one_message_a_challenge_and_one_a_resend(tmp_path: Path) -> None:
    with (
        sms_peer() as peer,
        running_gateway(
            tmp_path,
            portal="http://127.0.0.1:1",
            phone=peer.url,
            listen="workers = 2",
            tables=TABLES,
        ) as gateway,
        ThreadPoolExecutor(AT_ONCE) as people,
        ThreadPoolExecutor(2 * AT_ONCE) as Employee.pool,
    ):
        await import_people(gateway, tmp_path)
        employees = [Employee(gateway, peer, number) for number in chosen()]
        playing = [people.submit(employee.play) for employee in employees]
        faults = [
            in_words(employee, repr(error))
            for employee, played in zip(employees, playing, strict=True)
            if (error := played.exception()) is not None
        ]
        assert not faults, "\n".join(faults)
        wait_for(
            lambda: (
                all(len(peer.messages(one.phone)) >= one.tally.least for one in employees)
                or gateway.process.poll() is not None
            ),
            "the last message",
            15,
        )
        assert gateway.stop() == 0  # which sends what is still on its way
        workers = {line["request_id"].partition("-")[0] for line in gateway.audit()}
        sent = Counter(line["user"] for line in gateway.audit() if line["event"] == "code.sent")
        faults = [in_words(one, fault) for one in employees for fault in faults_of(one)]
        assert not faults, "\n".join(faults)
        for one in employees:
            assert sent[interleaving.user_of(one.number)] == len(peer.messages(one.phone))
        if len(employees) == COUNT:
            assert len(workers) == 2, "only one worker took part"
            assert sum(one.tally.least for one in employees) > COUNT
