"""Every check there is, in the order of the screen. A table; docs/doctor.md is compared with it."""

from typing import Final

from agent.config_problem import Say
from agent.doctor import (
    answer,
    broker_checks,
    clock,
    config,
    disk,
    host,
    inputs,
    journal,
    modem,
    network,
    pins,
    port,
    scan,
    stations,
    unit,
    values,
)
from agent.doctor.finding import Check, unknown

TOOK_LONG: Final = Check(
    "doctor.time",
    Say("Look that took too long", "检查超时"),
    {
        "timed_out": unknown(
            "this look did not end in time, so nothing is known",
            "该项检查未按时结束，结果未知",
            "Look again; if it stays so, see: dmesg | tail",
            "重新检查；如仍如此，查看 dmesg | tail",
        ),
    },
)

CHECKS: Final[tuple[Check, ...]] = (
    config.FILE,
    config.ADVICE,
    unit.UNIT,
    unit.SOCKET,
    unit.WATCHDOG,
    port.PORT,
    network.TCP,
    answer.ANSWER,
    answer.ERRORS,
    scan.SCAN,
    values.VALUES,
    pins.CHIP,
    pins.PIN,
    inputs.TOGGLED,
    inputs.SENSE,
    stations.STATION,
    stations.CAMERA,
    modem.MODEM,
    broker_checks.NAME,
    broker_checks.TCP,
    broker_checks.TLS,
    broker_checks.CERTIFICATE,
    broker_checks.LOGIN,
    broker_checks.PUBLISH,
    broker_checks.LIMITS,
    broker_checks.IDENTITY,
    clock.CLOCK,
    disk.SPACE,
    disk.MOUNT,
    disk.WEAR,
    journal.JOURNAL,
    host.HEAT,
    host.SUPPLY,
    host.THROTTLE,
    host.MEMORY,
    TOOK_LONG,
)
