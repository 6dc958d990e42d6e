"""The repository's gateway.toml, and it again with lines switched on and off."""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).parents[2] / "gateway.toml"
TEXT = FILE.read_text(encoding="utf-8")
ENVIRON = {
    "PORTVAKT_DIRECTORY_URL": "postgresql://h/d",
    "SMS_API_KEY": "k",
    "SMS_PASSWORD": "p",
}


def edited(on=(), off=()):
    """The file with some optional lines switched on and some lines left out, by how they begin."""
    lines = []
    for line in TEXT.splitlines():
        if line.startswith(tuple(f"# {start}" for start in on)):
            lines.append(line.removeprefix("# "))
        elif not line.startswith(tuple(off) or "\0"):
            lines.append(line)
    return "\n".join(lines) + "\n"


CONDITIONS = ("groups =", "networks =", "hours =", "absolute =", 'idle = "10m')


def every_way(directory):
    """Files in which, taken together, every key is on."""
    for name in ("cert.pem", "key.pem", "portal-ca.pem", "mail-ca.pem", "forbidden-passwords.txt"):
        (directory / name).write_text("x")
    (directory / "branding").mkdir(exist_ok=True)
    further = (
        "tls = {",
        "drain_delay =",
        "headers =",
        "username =",
        "password =",
        "success_text =",
        "directory =",
        "forbidden_file =",
        *CONDITIONS,
    )
    yield edited(on=(*further, 'host = "x', "title =", "icon ="))
    yield edited(on=("json =",), off=("form =",))
    yield edited(on=('tls_ca = "portal',)).replace(
        '"http://127.0.0.1:9000"', '"https://127.0.0.1:9000"'
    )
    yield edited(on=("url = {",), off=('path = "var/dir',)).replace('"sqlite"\n', '"sql"\n')
    (directory / "ldap-ca.pem").write_text("x")
    ldap = (
        "servers =",
        'ca = "ldap',
        "bind_dn =",
        "bind_password =",
        'base = "DC',
        "groups_base =",
    )
    text = edited(on=ldap).replace('kind = "sqlite"', 'kind = "ldap"')
    yield text.replace('{ file = "ldap.password" }', '"Gurka7Tolv9x"')
    http = ('name = "http', 'url = "http:', "form =", "method =")
    preset = ("from =", "username =", "password =")
    elks = edited(on=(*preset, "receipts ="), off=("form =", "method ="))
    yield elks.replace('kind = "http"', 'kind = "46elks"')
    twilio = edited(on=(*preset, "account ="), off=("form =", "method ="))
    yield twilio.replace('kind = "http"', 'kind = "twilio"')
    mail = ("from =", "host =", "port = 587", 'tls = "', 'tls_ca = "mail', "to =", "subject =")
    smtp = edited(on=(*mail, *preset), off=("form =", "method =", 'url = "http://127.0.0.1:9001'))
    smtp = smtp.replace('from = "Portal"', 'from = "portal@example.se"')
    yield smtp.replace('kind = "http"', 'kind = "smtp"')
    smsc = edited(
        on=("host =", "system_type =", *preset),
        off=("form =", "method =", 'url = "http://127.0.0.1:9001'),
    )
    yield smsc.replace('kind = "http"', 'kind = "smpp"')
    yield edited(on=('path = "var/out',), off=http).replace('kind = "http"', 'kind = "outbox"')
