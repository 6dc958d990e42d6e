"""Real directory servers: slapd as OpenLDAP has it, Samba as an Active Directory domain controller."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.auth.model import Person
from gateway.settings.ldap import ACTIVE_DIRECTORY, OPENLDAP, Ldap, usual
from gateway.settings.model import Secret
from tests.requirements import program
from tests.system.certificates import Authority
from tests.system.gateway import free_port

try:
    import ldap
except ImportError:  # built where libldap is; the tests that need it say so
    ldap = None

READY_S = 60.0
SERVICE_PASSWORD = "Gurka7Tolv9x"


@dataclass
class Server:
    """A directory that runs. `port` speaks TLS (`ca` vouches), `plain` does not."""

    kind: str
    port: int
    plain: int
    ca: Path
    base: str
    service: str
    process: subprocess.Popen[bytes]

    def rules(self, *servers: str, **changes: object) -> Ldap:
        """Return the settings of a gateway that asks this directory."""
        given: dict[str, object] = {
            "servers": servers or (f"ldaps://127.0.0.1:{self.port}",),
            "ca": self.ca,
            "bind_dn": self.service,
            "bind_password": Secret(SERVICE_PASSWORD),
            "base": self.base,
        }
        return usual(self.kind, **{**given, **changes})

    def manager(self) -> Any:
        """Return a connection that may change anything."""
        connection = ldap.initialize(f"ldaps://127.0.0.1:{self.port}")
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(self.ca))
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        connection.simple_bind_s(self.service, SERVICE_PASSWORD)
        return connection


_SLAPD = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {place}/slapd.pid
TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
database mdb
suffix "{base}"
rootdn "{service}"
rootpw {password}
directory {place}/data
overlay ppolicy
ppolicy_default "cn=policy,{base}"
access to * by dn.exact="cn=keeper,{base}" write by * read
"""

_POLICY = """\
dn: cn=policy,{base}
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdCheckQuality: 2
pwdMinLength: 8
pwdLockout: TRUE

dn: cn=keeper,{base}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: keeper
userPassword: {password}"""
"""Rules for passwords, and an account that sets them and is held to these, as `rootdn` is not."""


@contextlib.contextmanager
def running_slapd(place: Path, people: Mapping[Person, str | None]) -> Iterator[Server]:
    """Run slapd with these people in it."""
    slapd = program("slapd")
    _need_the_client()
    base, service = "dc=example,dc=test", "cn=portvakt,dc=example,dc=test"
    authority = Authority(place)
    issued = authority.issue("127.0.0.1")
    (place / "data").mkdir()
    config = place / "slapd.conf"
    config.write_text(
        _SLAPD.format(
            place=place,
            ca=authority.file,
            certificate=issued.certificate,
            key=issued.key,
            base=base,
            service=service,
            password=SERVICE_PASSWORD,
        )
    )
    sheet = place / "people.ldif"
    sheet.write_text(_ldif(base, people))
    tools = [slapd, "-Tadd", "-f", str(config), "-l", str(sheet)]
    subprocess.run(tools, check=True, capture_output=True)
    port, plain = free_port(), free_port()
    urls = f"ldaps://127.0.0.1:{port}/ ldap://127.0.0.1:{plain}/"
    process = subprocess.Popen(
        [slapd, "-d", "0", "-f", str(config), "-h", urls],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = Server(OPENLDAP, port, plain, authority.file, base, service, process)
    yield from _served(server)


def _need_the_client() -> None:
    if ldap is None:
        pytest.skip("needs libldap-dev (apt install gcc python3-dev libldap-dev libsasl2-dev)")


def _ldif(base: str, people: Mapping[Person, str | None]) -> str:
    groups: dict[str, list[str]] = {}
    rows = [
        f"dn: {base}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example"
    ]
    for person, password in people.items():
        dn = f"uid={person.user},{base}"
        lines = [f"dn: {dn}", "objectClass: inetOrgPerson", f"uid: {person.user}", "sn: x"]
        lines.append(f"cn:: {base64.b64encode(person.name.encode()).decode()}")
        lines += [f"mail: {person.email}"] if person.email else []
        lines += [f"mobile: {person.mobile}"] if person.mobile else []
        if password is not None:
            lines.append(f"userPassword:: {base64.b64encode(password.encode()).decode()}")
        lines += [] if person.enabled else ["pwdAccountLockedTime: 000001010000Z"]
        rows.append("\n".join(lines))
        for group in person.groups:
            groups.setdefault(group, []).append(dn)
    for group, members in groups.items():
        named = "\n".join(f"member: {dn}" for dn in members)
        rows.append(f"dn: cn={group},{base}\nobjectClass: groupOfNames\ncn: {group}\n{named}")
    rows.append(_POLICY.format(base=base, password=SERVICE_PASSWORD))
    return "\n\n".join(rows) + "\n"


@contextlib.contextmanager
def running_samba(place: Path, people: Mapping[Person, str | None]) -> Iterator[Server]:
    """Run a domain controller on 127.0.0.1:636 with these people in it; it needs root."""
    samba = program("samba")
    _need_the_client()
    if os.geteuid() != 0:
        pytest.skip("needs root (a domain controller has its ports below 1024)")
    authority = Authority(place)
    issued = authority.issue("127.0.0.1")
    issued.key.chmod(0o600)
    tool = shutil.which("samba-tool") or "samba-tool"
    home = place / "dc"
    home.mkdir()
    provision = [
        *(tool, "domain", "provision", f"--targetdir={home}", "--realm=EXAMPLE.TEST"),
        *("--domain=EXAMPLE", f"--adminpass={SERVICE_PASSWORD}", "--server-role=dc"),
        *("--dns-backend=NONE", "--host-name=dc1", "--host-ip=127.0.0.1"),
        *("--option=interfaces=lo", "--option=bind interfaces only=yes"),
    ]
    subprocess.run(provision, check=True, capture_output=True)
    options = {
        "server services": "ldap",
        "interfaces": "lo",
        "bind interfaces only": "yes",
        "old password allowed period": "0",
        "pid directory": str(home),
        "log file": f"{home}/log.%m",
        "tls certfile": str(issued.certificate),
        "tls keyfile": str(issued.key),
        "tls cafile": str(authority.file),
    }
    command = [samba, "-i", "-M", "single", "-s", str(home / "etc" / "smb.conf")]
    command += [f"--option={name}={value}" for name, value in options.items()]
    log = (place / "samba.log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    server = Server(
        ACTIVE_DIRECTORY, 636, 389, authority.file, "DC=example,DC=test",
        "CN=Administrator,CN=Users,DC=example,DC=test", process,
    )  # fmt: skip
    with log:
        for ready in _served(server):
            _fill(ready, people)
            yield ready


def _fill(server: Server, people: Mapping[Person, str | None]) -> None:
    manager = server.manager()
    groups: dict[str, list[bytes]] = {}
    for person, password in people.items():
        dn = f"CN={person.user},CN=Users,{server.base}"
        quoted = f'"{password or "Okand7Gurka9"}"'.encode("utf-16-le")
        row = {
            "objectClass": [b"user"],
            "sAMAccountName": [person.user.encode()],
            "userPrincipalName": [f"{person.user}@example.test".encode()],
            "displayName": [person.name.encode()],
            "userAccountControl": [b"512" if person.enabled else b"514"],
            "unicodePwd": [quoted],
        }
        row |= {"mail": [person.email.encode()]} if person.email else {}
        row |= {"mobile": [person.mobile.encode()]} if person.mobile else {}
        manager.add_s(dn, list(row.items()))
        for group in person.groups:
            groups.setdefault(group, []).append(dn.encode())
    for group, members in groups.items():
        row = {"objectClass": [b"group"], "sAMAccountName": [group.encode()], "member": members}
        manager.add_s(f"CN={group},CN=Users,{server.base}", list(row.items()))
    manager.unbind_s()


def _served(server: Server) -> Iterator[Server]:
    """Yield the server once it answers; it ends afterwards."""
    try:
        end = time.monotonic() + READY_S
        while True:
            try:
                server.manager().unbind_s()
                break
            except ldap.LDAPError:
                assert time.monotonic() < end, "the directory server does not answer"
                assert server.process.poll() is None, "the directory server ended"
                time.sleep(0.05)
        yield server
    finally:
        server.process.terminate()
        server.process.wait(20)
