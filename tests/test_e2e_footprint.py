"""What the running service has loaded."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from hil.installation import ROOT
from tests.e2e import whole

# The service started as its command starts it; at its end it says what it had imported.
RUN_AND_TELL = """
import json, sys
from agent.__main__ import main
code = main(["run", "--config", sys.argv[1]])
print(json.dumps({"code": code, "modules": sorted(sys.modules)}))
"""
FOR_PEOPLE_ONLY = {
    "click",
    "rich",
    "sqlite_utils",
    "pymodbus.server",
    "segno",
    "agent.cli",
    "hil.world",
    "http",  # of what proxies would need: see agent/lean.py
}


def test_the_running_service_has_loaded_nothing_that_only_people_need(tmp_path: Path) -> None:
    with whole(tmp_path) as bench:
        environment = {**bench.agent.environment, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [sys.executable, "-c", RUN_AND_TELL, str(bench.agent.config)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        with process:
            bench.event("agent_started", "notice")
            bench.press()
            bench.event("alarm_button")
            peak_kb = peak_memory_kb(process.pid)
            process.send_signal(signal.SIGTERM)
            assert process.stdout is not None
            told = json.loads(process.stdout.readlines()[-1])
    assert told["code"] == 0
    loaded = set(told["modules"])
    print(f"peak memory {peak_kb / 1024:.1f} MiB, {len(loaded)} modules")
    assert loaded.isdisjoint(FOR_PEOPLE_ONLY)
    assert not {name for name in loaded if name.partition(".")[0] in FOR_PEOPLE_ONLY}
    assert {"agent.app", "agent.drivers.modbus", "agent.drivers.gpio", "paho.mqtt.client"} <= loaded


def peak_memory_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
