"""The tables that stand alone: bounds, and keys that depend on each other.

A case is what stands at the end of a small valid file: how many lines down the problem is, its key,
words of what was found and of what to write.
"""

from __future__ import annotations

import pytest

from tests.settings.samples import UPSTREAM, judge

CASES = [
    ("[session]\nmax_per_user = 0", 1, "session.max_per_user", "0", "from 1"),
    ("[session]\nmax_per_user = true", 1, "session.max_per_user", "true", "whole number"),
    ("[session]\nmax_per_user = 1.0", 1, "session.max_per_user", "1.0", "whole number"),
    ("[session]\nidle = '11h'", 1, "session.idle", '"11h"', '"10h"'),
    ("[one_time_password]\ndigits = 5", 1, "one_time_password.digits", "5", "from 6 to 10"),
    ("[one_time_password]\ndigits = 11", 1, "one_time_password.digits", "11", "from 6 to 10"),
    ("[one_time_password]\nattempts = 11", 1, "one_time_password.attempts", "11", "from 1 to 10"),
    ("[one_time_password]\nlifetime = '11m'", 1, "one_time_password.lifetime", '"11m"', '"10m"'),
    ("[one_time_password]\ntext = 'Hej'", 1, "one_time_password.text", '"Hej"', "{code}"),
    ("[one_time_password]\ntext = '{code} {user}'", 1, "one_time_password.text", "{user}", "{minutes}"),
    ("[one_time_password]\ntext = '{code} {'", 1, "one_time_password.text", "a brace", "{code}"),
    ("[lockout]\nlock = ['5m', '1m']", 1, "lockout.lock", "a list", "growing"),
    ("[lockout]\nlock = ['5m', '5m']", 1, "lockout.lock", "a list", "growing"),
    ("[lockout]\nlock = []", 1, "lockout.lock", "a list", "growing"),
    ("[lockout]\nlock = [\n'5m',\n5]", 3, "lockout.lock[2]", "5", "a duration"),
    ("[self_service]\nchange_mobile = 'code'", 1, "self_service.change_mobile", '"code"', '"corporate-or-code"'),
    ("[self_service]\nprove_mobile = 'yes'", 1, "self_service.prove_mobile", '"yes"', "true or false"),
    ("[self_service]\nreset = 1", 1, "self_service.reset", "1", "true or false"),
    ("[self_service]\nregion = 'se'", 1, "self_service.region", '"se"', '"SE"'),
    ("[self_service]\nregion = 'SWE'", 1, "self_service.region", '"SWE"', '"FI"'),
    ("[sms_budget]\nnumber = 10", 1, "sms_budget.number", "10", "so many in so long"),
    ("[sms_budget]\ntotal = '10001/1d'", 1, "sms_budget.total", '"10001/1d"', "at most 10000"),
    ("[sms_budget]\nuser = '5/3d'", 1, "sms_budget.user", '"5/3d"', '"2d"'),
    ("[sms_budget]\nday = '5/1d'", 1, "sms_budget.day", "unknown key", "one of"),
    ("[listen]\naddress = []", 1, "listen.address", "a list", "one address"),
    ("[listen]\naddress = ['127.0.0.1']", 1, "listen.address[1]", '"127.0.0.1"', "a port"),
    ("[listen]\naddress = ['127.0.0.1:1', '127.0.0.1:1']", 1, "listen.address", "a list", "each once"),
    ("[listen]\nworkers = 'all'", 1, "listen.workers", '"all"', '"auto"'),
    ("[listen]\nproxy_protocol = true", 1, "listen.proxy_protocol", "without trusted", "trusted_proxies"),
    ("[listen]\ntrusted_proxies = ['!10.0.0.0/8']", 1, "listen.trusted_proxies[1]", '"!10', "a network"),
    ("[listen]\ntls = { certificate = 'gateway.toml' }", 1, "listen.tls.key", "nothing", '"key.pem"'),
    ("[listen]\ntls = { certificate = 'no.pem', key = 'gateway.toml' }", 1, "listen.tls.certificate", "no such file", "readable"),
    ("[admin]\naddress = '127.0.0.1:8080'", 1, "admin.address", "[listen]", "another port"),
    (UPSTREAM + "url = ['http://localhost:8080']", 2, "upstream[2].url[1]", "own address", "application"),
    ("[assertion]\nrotate = '59m'", 1, "assertion.rotate", '"59m"', '"1h"'),
    ("[assertion]\nrotate = 30", 1, "assertion.rotate", "30", "a duration"),
    ("[branding]\nsupport_email = 'nobody'", 1, "branding.support_email", '"nobody"', "e-mail"),
    ("[branding]\ncontent_email = 'x@y'", 1, "branding.content_email", '"x@y"', "e-mail"),
    ("[branding]\ndefault_language = 'se'", 1, "branding.default_language", '"se"', '"sv"'),
    ("[branding]\nportal = ' '", 1, "branding.portal", '" "', "not empty"),
    ('[branding]\nportal = "a\\u001b[2J"', 1, "branding.portal", "\\u001b", "one line"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)
