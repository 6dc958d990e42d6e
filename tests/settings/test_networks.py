"""[networks] and [self_service]: which networks may be named.

A case is what stands at the end of a small valid file: how many lines down the problem is, its key,
words of what was found and of what to write.
"""

from __future__ import annotations

import pytest

from tests.settings.samples import judge

CASES = [
    ("[networks]\ncorporate = ['0.0.0.0/0']", 1, "networks.corporate[1]", '"0.0.0.0/0"', "whole internet"),
    ("[networks]\ncorporate = ['::/0']", 1, "networks.corporate[1]", '"::/0"', "whole internet"),
    ("[networks]\ncorporate = [\n'10.0.0.0/8',\n'10.0.0.5/8']", 3, "networks.corporate[2]", '"10.0.0.5/8"', '"10.0.0.0/8"'),
    ("[networks]\ncorporate = ['010.0.0.0/8']", 1, "networks.corporate[1]", '"010', "a network as"),
    ("[networks]\ncorporate = ['10/8']", 1, "networks.corporate[1]", '"10/8"', "a network as"),
    ("[networks]\ncorporate = ['corp.example.se']", 1, "networks.corporate[1]", '"corp', "a network as"),
    ("[networks]\ncorporate = '10.0.0.0/8'", 1, "networks.corporate", '"10.0.0.0/8"', "a list of networks"),
    ("[networks]\ncorporate = ['10.0.0.0/8', '!11.0.0.0/8']", 1, "networks.corporate[2]", '"!11', "exclusion"),
    ("[networks]\nbranch = ['10.0.0.0/8']", 0, "networks.corporate", "nothing", "corporate ="),
    ("[networks]\ncorporate = []\ninternet = []", 2, "networks.internet", "a network", "everything else"),
    ("[networks]\ncorporate = []\n'Å' = []", 2, 'networks."\\u00c5"', "a name", "lower-case"),
    ("[self_service]\nfirst_logon = 'internet'", 1, "self_service.first_logon", '"internet"', '"corporate"'),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)
