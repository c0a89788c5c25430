"""Tells systemd that the service is ready, how it does, and that its loops still turn.

What turns: the event loop, on which this runs, and each driver's own loop, whether its device
answers or not. A controller without power and a card that takes no writes are no reasons to restart.
Without systemd nothing is said. Knows no configuration.
"""

import logging
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from agent.clock import Clock, sleep
from agent.model import SECOND_US

_log = logging.getLogger("agent.watchdog")

LEAST_BOUND_US: Final = 10 * SECOND_US
INTERVALS: Final = 3  # a driver's loop may miss so many of its own
STATUS_S: Final = 10.0  # between two looks when systemd wants no signs of life


def bounds_of(intervals_us: Mapping[str, int]) -> dict[str, int]:
    """Give how long each driver's loop may take to go round, from its interval; microseconds."""
    return {
        driver: max(LEAST_BOUND_US, INTERVALS * interval)
        for driver, interval in intervals_us.items()
    }


def status_of(links: Mapping[str, Mapping[str, object]]) -> str:
    """Say how the links are, for `systemctl status`."""
    down = [name for name, link in links.items() if not link["up"]]
    up = len(links) - len(down)
    return f"links up: {up}" + (f"; down: {', '.join(down)}" if down else "")


class Systemd:
    """The socket that systemd listens on. What cannot be sent is dropped: the next one follows."""

    def __init__(self, address: str) -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._silent = False

    def say(self, *assignments: str) -> None:
        """Send assignments such as READY=1 in one datagram; empty ones are left out."""
        text = "\n".join(each for each in assignments if each)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
                sock.sendto(text.encode(), self._address)
        except OSError as wrong:
            if not self._silent:
                _log.warning("systemd does not hear the service: %s", wrong.strerror or wrong)
            self._silent = True
        else:
            self._silent = False


@dataclass(frozen=True, slots=True)
class Supervisor:
    """What the environment says: where to report, and how often at least, in seconds."""

    systemd: Systemd | None
    within_s: float | None

    @classmethod
    def of(cls, environment: Mapping[str, str], pid: int) -> "Supervisor":
        """Read NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID as sd_notify(3) has them."""
        address = environment.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            return cls(None, None)
        usec = environment.get("WATCHDOG_USEC", "")
        meant = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        watched = meant and usec.isascii() and usec.isdigit() and int(usec) > 0
        return cls(Systemd(address), int(usec) / SECOND_US if watched else None)


class Watchdog:
    """Says READY=1 once, WATCHDOG=1 while everything turns, and STATUS= when it changes.

    `bounds_us`: driver → the longest its loop may take. `status` gives the text for people.
    """

    def __init__(
        self,
        bounds_us: Mapping[str, int],
        status: Callable[[], str],
        clock: Clock,
        supervisor: Supervisor | None = None,
    ) -> None:
        self._bounds_us, self._status, self._clock = bounds_us, status, clock
        self._supervisor = supervisor or Supervisor.of(os.environ, os.getpid())
        self._turned_us: dict[str, int] = {}
        self._said = ""
        self._stuck: tuple[str, ...] = ()
        self._fed_us: int | None = None

    def turned(self, driver: str) -> None:
        """Note that a driver's loop went round."""
        self._turned_us[driver] = self._clock.uptime_us()

    async def run(self) -> None:
        """Report until cancelled; begin when all drivers have been started."""
        if self._supervisor.systemd is None:
            return
        for driver in self._bounds_us:
            self.turned(driver)
        await sleep(0)  # once round: whatever was started has run
        self._say("READY=1", self._alive())
        while True:
            await sleep((self._supervisor.within_s or 3 * STATUS_S) / 3)
            self._say(self._alive())

    def facts(self) -> dict[str, object]:
        """How often systemd wants a sign of life (0: never, None: no systemd), when it had one, who is stuck."""
        fed_us, supervised = self._fed_us, self._supervisor.systemd is not None
        return {
            "within_s": (self._supervisor.within_s or 0) if supervised else None,
            "fed_ago_s": None if fed_us is None else (self._clock.uptime_us() - fed_us) / SECOND_US,
            "stuck": list(self._stuck),
        }

    def stopping(self) -> None:
        """Say that the end is meant."""
        if self._supervisor.systemd is not None:
            self._supervisor.systemd.say("STOPPING=1", "STATUS=stopping")

    def _say(self, *assignments: str) -> None:
        status = self._status()
        news = "" if status == self._said else f"STATUS={status}"
        self._said = status
        text = [each for each in (*assignments, news) if each]
        if text and self._supervisor.systemd is not None:
            self._supervisor.systemd.say(*text)

    def _alive(self) -> str:
        """Give the sign of life; empty if a driver's loop is stuck, or nobody wants one."""
        stuck = tuple(self._stuck_drivers())
        if stuck and stuck != self._stuck:
            names = ", ".join(stuck)
            _log.error("The watchdog is no longer fed: the loop of %s does not turn.", names)
        elif self._stuck and not stuck:
            _log.info("The watchdog is fed again: every loop turns.")
        self._stuck = stuck
        if stuck or self._supervisor.within_s is None:
            return ""
        self._fed_us = self._clock.uptime_us()
        return "WATCHDOG=1"

    def _stuck_drivers(self) -> list[str]:
        now_us = self._clock.uptime_us()
        return [
            driver
            for driver, bound_us in self._bounds_us.items()
            if now_us - self._turned_us[driver] > bound_us
        ]
