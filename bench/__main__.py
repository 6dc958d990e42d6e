"""`python -m bench [PART [OPTION]…]`: one part of the bench, or every part in turn.

Exits with the highest status of the parts that ran: 0 well, 1 no (or it could not be run), 2 void.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from bench import load, oracle

PARTS: Mapping[str, Callable[[list[str]], int]] = {"load": load.main, "oracle": oracle.main}


def main(words: list[str]) -> int:
    """Run what the command line names."""
    if words and words[0] in PARTS:
        return PARTS[words[0]](words[1:])
    if words:
        print(f"usage: python -m bench [{' | '.join(PARTS)}] [--help]")
        return 2
    status = 0
    for name, part in PARTS.items():
        print(f"== {name}\n", flush=True)
        status = max(status, part([]))
        print()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
