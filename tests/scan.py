"""`make scan`: scanners that nobody here wrote, against `portvakt demo` (docs/security.md).

wapiti, sqlmap and slowhttptest meet it over http, testssl.sh over https; each ends within its time.
Only the loopback is scanned. Reports go to `scan/`; the last lines say what each scanner found.
Arguments: the scanners to run, all by default.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.cli.demo_people import PASSWORD, PEOPLE
from tests.system.certificates import Authority
from tests.system.gateway import ROOT, RunningGateway, free_port, wait_for
from tests.system.visitor import Visitor

REPORTS = ROOT / "scan"
PAGES = "/.gateway"
OFFICE = "127.0.0.1"
"""Where the scanners come from: inside, so that they reach the pages of those who are logged on."""
ELSEWHERE = "127.0.0.9"
_PORTS = ("8080", "8081", "9000", "9001")


@dataclasses.dataclass
class Scan:
    """A demo to be scanned, and where the reports go."""

    gateway: RunningGateway
    phone: str
    reports: Path

    @property
    def origin(self) -> str:
        return self.gateway.origin

    def logged_on(self) -> Visitor:
        """Return a browser with a session and the mark of a form."""
        visitor = Visitor(self.gateway, OFFICE)
        answer = visitor.password(PEOPLE[0].user, PASSWORD)
        assert answer.status == 303, answer.text
        visitor.get(f"{PAGES}/account")
        return visitor

    def asked_for_code(self) -> Visitor:
        """Return a browser that is asked for a code."""
        visitor = Visitor(self.gateway, ELSEWHERE)
        assert visitor.password(PEOPLE[0].user, PASSWORD).status == 303
        visitor.get(f"{PAGES}/otp")
        return visitor

    def run(self, name: str, seconds: float, *command: str) -> str:
        """Run one scanner, stopped after `seconds`; return what it said."""
        print(f"{name}: {' '.join(command)}", flush=True)
        report = self.reports / f"{name}.txt"
        with report.open("wb") as out:
            process = subprocess.Popen(
                ("nice", *command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                print(f"{name}: stopped after {seconds:.0f} s", flush=True)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        return re.sub(r"\x1b\[[0-9;]*m", "", report.read_text(errors="replace"))


def wapiti(scan: Scan) -> str:
    """Crawl and attack all pages, as a stranger and as somebody who is logged on."""
    found = []
    for who, visitor in (("stranger", Visitor(scan.gateway)), ("employee", scan.logged_on())):
        cookies = scan.reports / f"wapiti-{who}.cookies.json"
        kept = {name: _cookie(value) for name, value in visitor.cookies.items()}
        cookies.write_text(json.dumps({".localhost.local": {"/": kept}}))
        report = scan.reports / f"wapiti-{who}.json"
        command = [
            "/usr/bin/python3",
            "-c",
            _RUN_WAPITI,
            "-u",
            f"{scan.origin}{PAGES}/logon",
            "--scope",
            "domain",
        ]
        command += ["-s", f"{scan.origin}{PAGES}/apps", "-s", f"{scan.origin}{PAGES}/account"]
        command += ["-x", f"{scan.origin}{PAGES}/logout", "-c", str(cookies)]
        command += [
            "-m",
            _WAPITI,
            "--endpoint",
            f"{scan.phone}/",
            "--max-scan-time",
            "120",
            "--max-attack-time",
            "60",
        ]
        command += ["--flush-session", "--store-session", str(scan.reports / f"wapiti-{who}")]
        command += ["-f", "json", "-o", str(report), "--no-bugreport", "-v", "1"]
        scan.run(f"wapiti-{who}", 900, *command)
        told = json.loads(report.read_text()) if report.exists() else {"vulnerabilities": {}}
        kinds = {**told["vulnerabilities"], **told.get("anomalies", {})}
        found += [f"{who}: {kind} x{len(all_)}" for kind, all_ in kinds.items() if all_]
    return "; ".join(found) or "nothing"


_RUN_WAPITI = """
import fnmatch, re
from wapitiCore.net import crawler
crawler.wildcard_translate = lambda pattern: re.compile(fnmatch.translate(pattern))
from wapitiCore.main.wapiti import wapiti_main
wapiti_main()
"""
"""Debian's wapiti 3.0.4 writes its exclusions (-x) in a way that Python 3.11 no longer reads."""

_WAPITI = (
    "backup,blindsql,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,"
    "permanentxss,redirect,shellshock,sql,ssrf,xss,xxe"
)


def _cookie(value: str) -> dict[str, object]:
    return {"version": 0, "expires": None, "secure": False, "value": value, "port": None}


def sqlmap(scan: Scan) -> str:
    """Try injections in every field of the forms, with a fresh form token each time."""
    forms = (
        ("logon", "username=anna&password=Wrong1xyz&next=/", Visitor(scan.gateway)),
        ("reset", "username=anna", Visitor(scan.gateway)),
        ("otp", "code=123456&next=/", scan.asked_for_code()),
        ("account", "mobile=0701740605&current_password=Wrong1xyz&next=/", scan.logged_on()),
    )
    found = []
    for page, data, visitor in forms:
        url = f"{scan.origin}{PAGES}/{page}"
        visitor.get(f"{PAGES}/{page}")
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        command = ["sqlmap", "-u", url, f"--data={data}&form_token=x", f"--cookie={cookie}"]
        command += ["--csrf-token=form_token", f"--csrf-url={url}", "--batch", "--level=2"]
        command += ["--risk=2", "--ignore-code=*", "--flush-session", "--disable-coloring"]
        command += [
            "--skip=form_token",
            "--time-sec=2",
            "--output-dir",
            str(scan.reports / "sqlmap"),
        ]
        said = scan.run(f"sqlmap-{page}", 420, *command)
        verdict = re.findall(r"is vulnerable|injectable\b|identified the following", said)
        good = "do not appear to be injectable" in said
        found.append(f"{page}: {'nothing' if good else ', '.join(verdict) or 'unfinished'}")
    return "; ".join(found)


def slowhttptest(scan: Scan) -> str:
    """Hold connections with slow heads, slow bodies and slow readers; the page must stay there."""
    ways = {
        "headers": ["-H", "-u", f"{scan.origin}{PAGES}/logon"],
        "body": ["-B", "-s", "8192", "-u", f"{scan.origin}{PAGES}/logon"],
        "read": ["-X", "-k", "3", "-u", f"{scan.origin}/static/portal.css"],
    }
    found = []
    for name, way in ways.items():
        command = [
            "slowhttptest",
            "-c",
            "1000",
            "-r",
            "200",
            "-i",
            "5",
            "-l",
            "40",
            "-p",
            "3",
            *way,
        ]
        said = scan.run(f"slowhttptest-{name}", 90, *command)
        served = re.findall(r"service available:\s*(\w+)", said)
        found.append(f"{name}: available {served.count('YES')} of {len(served)} times asked")
    return "; ".join(found)


def testssl(scan: Scan) -> str:
    """Judge protocols, ciphers, certificate, headers and known holes of the TLS listener."""
    report = scan.reports / "testssl.json"
    report.unlink(missing_ok=True)
    command = ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1"]
    command += ["--nodns", "min", "--add-ca", str(scan.gateway.directory / "ca.pem")]
    command += ["--jsonfile", str(report), scan.origin]
    scan.run("testssl", 900, *command)
    told = json.loads(report.read_text())
    worse = [
        one for one in told if one["severity"] in {"LOW", "MEDIUM", "HIGH", "CRITICAL", "WARN"}
    ]
    return (
        "; ".join(f"{one['id']} {one['severity']}: {one['finding']}" for one in worse) or "nothing"
    )


@contextlib.contextmanager
def running_demo(*, tls: bool) -> Iterator[Scan]:
    """Run `portvakt demo` on ports of its own; with `tls` as https."""
    with tempfile.TemporaryDirectory(prefix="portvakt-scan-") as place:
        directory = Path(place)
        port, admin, *stubs = (free_port() for _ in _PORTS)
        text = (ROOT / "gateway.toml").read_text()
        for old, new in zip(_PORTS, (port, admin, *stubs), strict=True):
            text = text.replace(f":{old}", f":{new}")
        # The scanners sit in the office, and must get as far as the judging of what they send.
        text = text.replace("corporate = [", f'corporate = ["{OFFICE}/32", ', 1)
        for budget in ("5/5m", "50/5m", "50/1h"):
            text = text.replace(f'= "{budget}"', '= "10000/5m"', 1)
        origin, context = f"http://localhost:{port}", None
        if tls:
            authority = Authority(directory)
            issued = authority.issue("server", "localhost")
            text = text.replace('public_url = "http:', 'public_url = "https:', 1)
            pair = f'tls = {{ certificate = "{issued.certificate}", key = "{issued.key}" }}'
            text = text.replace("[listen]\n", f"[listen]\n{pair}\n", 1)
            origin, context = f"https://localhost:{port}", authority.client()
        config = directory / "gateway.toml"
        config.write_text(text)
        gateway = RunningGateway(
            origin,
            port,
            f"http://127.0.0.1:{admin}",
            directory,
            config,
            directory / "log",
            tls=context,
        )
        with gateway.log.open("wb") as log:
            command = [sys.executable, "-m", "gateway", "--config", str(config), "demo"]
            gateway.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        try:
            wait_for(gateway.is_ready, "the demo's start")
            yield Scan(gateway, f"http://127.0.0.1:{stubs[1]}", REPORTS)
        finally:
            gateway.stop()
            shutil.copy(gateway.log, REPORTS / f"demo-{'https' if tls else 'http'}.log")


SCANNERS: dict[str, tuple[Callable[[Scan], str], bool]] = {
    "wapiti": (wapiti, False),
    "sqlmap": (sqlmap, False),
    "slowhttptest": (slowhttptest, False),
    "testssl": (testssl, True),
}


def main(wanted: list[str]) -> int:
    """Run the scanners that are wanted; 1 when one of them is missing."""
    REPORTS.mkdir(exist_ok=True)
    missing = [name for name in wanted if shutil.which(name) is None]
    if missing:
        print(
            f"missing: {', '.join(missing)}. Debian: apt install wapiti testssl.sh slowhttptest sqlmap"
        )
        return 1
    for name in wanted:
        scanner, tls = SCANNERS[name]
        with running_demo(tls=tls) as scan:
            found = scanner(scan)
            with urllib.request.urlopen(f"{scan.gateway.admin}/healthz", timeout=10) as answer:
                assert answer.status == 200, "the gateway lives"
        print(f"{name} found: {found}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(SCANNERS)))
