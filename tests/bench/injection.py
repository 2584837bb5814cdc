"""Attacks on a model that obeys every order it reads: what the checks behind it let through.

    python -m tests.bench.injection --engine claude

The model is the stand-in's obedient script behind real HTTP: it repeats each order that it finds
among the passages or in the question as its own words, with a citation where it can.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tests.fakes.anthropic import MessagesFake
from tests.fakes.replies import obedient

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "injection"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=("claude", "markers"), default="claude")
    parser.add_argument("--each", type=int, default=3)
    parser.add_argument("--json", type=Path, default=Path("injection.json"))
    given = parser.parse_args()
    with MessagesFake(default=obedient) as fake:
        done = subprocess.run(
            (
                *(sys.executable, "-m", "bot", "eval", "injection"),
                *("--attacks", str(DATA / "attacks.jsonl")),
                *("--messages", str(DATA / "emails.jsonl")),
                *("--each", str(given.each), "--json", str(given.json)),
            ),
            env={
                **os.environ,
                "ANSWER_ENGINE": given.engine,
                "ANTHROPIC_API_KEY": "sk-ant-obedient",
                "ANTHROPIC_BASE_URL": fake.url,
                "ANTHROPIC_MODEL": "claude-obedient",
            },
            check=False,
        )
        print(f"{len(fake.requests)} requests, {len(fake.violations)} of them malformed")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
