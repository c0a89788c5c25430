"""How long the command line takes to start: `--help`, and `status` of a service that answers. Knows nothing of the rest."""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from hil.installation import ROOT, AgentProcess, configuration
from hil.measured import Figure, at_most, plain, share

STARTS = 15
HELP_MS, STATUS_MS = 150, 300


def starts(folder: Path) -> Iterator[Figure]:
    """Medians of whole processes, from the command to its end."""
    with AgentProcess(configuration(folder)) as agent:
        agent.start()
        for what, limit_ms, command in (
            ("--help", HELP_MS, ["--help"]),
            ("status", STATUS_MS, ["status", "--config", str(agent.config)]),
        ):
            before_s = _worked_s()
            took_ms = [_took_ms(command) for _ in range(STARTS)]
            name = f"start of elevator-agent {what}, median of {STARTS}"
            yield at_most(name, share(took_ms, 0.5), "ms", limit_ms)
            worked_ms = (_worked_s() - before_s) * 1000 / STARTS
            yield plain("processor time of it, whatever else runs", worked_ms, "ms")


def _worked_s() -> float:
    """User and system time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _took_ms(arguments: list[str]) -> float:
    began_s = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "agent", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return (time.perf_counter() - began_s) * 1000
