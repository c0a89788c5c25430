"""The command line starts quickly because it loads little: counted in modules, since seconds depend on the machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.watched import Service

MOST = {"--help": 185, "status": 230}  # measured on CPython 3.11: 162 and 201, click among them
# What a library or a part of the service costs, that no start of these two verbs may pay.
TOO_HEAVY = {
    "asyncio", "gpiozero", "logging", "paho", "pymodbus", "rich", "segno", "serial", "sqlite3",
    "sqlite_utils", "ssl", "subprocess", "agent.app", "agent.monitor.monitor", "agent.uplink.messages",
}  # fmt: skip
PROGRAM = """
import sys
from agent.__main__ import main
code = main(sys.argv[1:])
print(*sys.modules, file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("verb", ["--help", "status"])
def test_a_verb_loads_what_it_needs_and_nothing_else(tmp_path: Path, verb: str) -> None:
    service = Service(tmp_path)
    unmeasured = {name: value for name, value in os.environ.items() if "COV" not in name}
    options = [] if verb == "--help" else ["--config", str(service.config)]
    with service.running():
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, verb, *options], env=unmeasured,
            capture_output=True, text=True, encoding="utf-8", check=True,
        )  # fmt: skip
    loaded = set(done.stderr.split())
    assert not loaded & TOO_HEAVY
    assert len(loaded) <= MOST[verb]
