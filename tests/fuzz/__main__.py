"""Coverage-guided fuzzing of one target or all: `python -m tests.fuzz [--runs N | --seconds N] [TARGET …]`.

What a run learns is kept in `.fuzz/TARGET/`, a finding in `.fuzz/TARGET-crash-…`; without a limit the
rule is three minutes a target. Exit 1 when anything was found.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import atheris

_KEPT = Path(".fuzz")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--runs", type=int, help="inputs a target, the same ones each time")
    parser.add_argument("--seconds", type=int, default=180, help="time a target (default 180)")
    parser.add_argument("--keep", type=Path, default=_KEPT, help="directory of what is learnt")
    parser.add_argument("target", nargs="*")
    return parser.parse_args()


def _write_dictionary(path: Path, words: tuple[bytes, ...]) -> None:
    lines = ('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in words)
    path.write_text("".join(lines))


def main() -> int:
    """Fuzz each target in a process of its own, one after the other."""
    asked = _arguments()
    with atheris.instrument_imports(include=["gateway", "policies"]):
        from tests.fuzz.targets import TARGETS
    failed = []
    for name in asked.target or TARGETS:
        target, kept = TARGETS[name], asked.keep / name
        kept.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(target.seeds()):
            (kept / f"seed-{number}").write_bytes(seed)
        _write_dictionary(asked.keep / f"{name}.dict", target.words)
        limit = f"-runs={asked.runs}" if asked.runs else f"-max_total_time={asked.seconds}"
        options = [
            name, str(kept), limit, "-seed=1", "-timeout=10", "-rss_limit_mb=1024", "-verbosity=0",
            f"-max_len={target.longest}", f"-artifact_prefix={asked.keep / name}-",
            f"-dict={asked.keep / f'{name}.dict'}", "-print_final_stats=1",
        ]  # fmt: skip
        print(f"== {name}", flush=True)
        child = os.fork()
        if child == 0:
            atheris.Setup(options, target.check)
            atheris.Fuzz()
        if os.waitpid(child, 0)[1] != 0:
            failed.append(name)
    print("nothing found" if not failed else f"found: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
