"""A service that says what a test wants it to say, on a real control socket, and an elevator to say it of."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent.control import ControlServer

Answer = Mapping[str, Any]


def signal(
    value: object, quality: str = "good", age_ms: int | None = 300, driver: str = "controller"
) -> Answer:
    """One signal; unknown ones have no value."""
    return {"v": value if quality == "good" else None, "q": quality, "age_ms": age_ms, "driver": driver,
            "at": None}  # fmt: skip


AT_REST: Mapping[str, Answer] = {
    "alarm.button": signal(False, driver="contacts"),
    "car.direction": signal("none"),
    "car.door_zone": signal(True),
    "car.floor": signal(3),
    "car.mode": signal("normal"),
    "car.moving": signal(False),
    "car.occupied": signal(False, driver="contacts"),
    "door.front": signal("open"),
    "intercom.duty_room": signal(True, driver="duty-room", age_ms=14_000),
}
STUCK = {
    **AT_REST,
    "alarm.button": signal(True, driver="contacts"),
    "car.direction": signal("up"),
    "car.door_zone": signal(False),
    "car.occupied": signal(True, driver="contacts"),
    "door.front": signal("closed"),
    "intercom.duty_room": signal(None, "no_answer", 190_000, "duty-room"),
}
LINKS = {
    "controller": {"up": True, "reason": None, "since_s": 7000, "statistics": {"round_trip_p95_ms": 12.4}},
    "contacts": {"up": True, "reason": None, "since_s": 7000, "statistics": {}},
    "duty-room": {"up": True, "reason": None, "since_s": 7000, "statistics": {}},
}  # fmt: skip
STATUS: Answer = {
    "elevator": {"site": "pingluo-01", "id": "e01", "name": "3 号楼东梯"},
    "state": "online", "reason": None, "version": "0.1.0", "uptime_s": 7384, "boot_id": "9f3ab21c-1",
    "links": LINKS, "mqtt": {"connected": True, "reason": ""},
    "outbox": {"journal": "ab12cd34", "head": 123, "owed": {"critical": 0, "rest": 0}, "fault": None,
               "waiting": 0},
    "standing": [], "clock": {"synchronised": True},
}  # fmt: skip
TRAPPED: Answer = {
    "code": "trapped_passengers", "instance": None, "severity": "critical", "age_s": 47, "seq": 123,
    "title": {"en": "Passengers trapped", "zh": "困人"}, "journaled": True,
}  # fmt: skip
PRESSED = {
    **TRAPPED, "code": "alarm_button", "title": {"en": "Alarm button", "zh": "报警按钮"}, "age_s": 31,
    "seq": 124,
}  # fmt: skip
SILENT = {
    **TRAPPED, "code": "intercom_silent", "severity": "major", "instance": "duty_room", "age_s": 170,
    "title": {"en": "Intercom silent", "zh": "对讲无应答"}, "seq": 120,
}  # fmt: skip
FINE: Answer = {"status": STATUS, "signals": AT_REST, "floors": 6}
ENTRAPMENT: Answer = {
    "status": {
        **STATUS,
        "state": "degraded",
        "reason": "storage_failed",
        "links": {
            **LINKS,
            "duty-room": {"up": False, "reason": "no route to host", "since_s": 190},
        },
        "mqtt": {"connected": False, "reason": "connection refused", "reason_zh": "连接被拒绝"},
        "outbox": {**STATUS["outbox"], "owed": {"critical": 2, "rest": 5}, "waiting": 1},
        "standing": [SILENT, TRAPPED, PRESSED],
        "clock": {"synchronised": False},
    },
    "signals": STUCK,
    "floors": 6,
}


def event(seq: int, transition: str = "raised") -> Answer:
    """One message of the journal."""
    return {
        "id": f"e01-{seq}", "time": "2026-11-23T08:00:31.200Z",
        "data": {
            "code": "trapped_passengers", "transition": transition, "severity": "critical",
            "instance": None, "title": {"en": f"Passengers trapped no. {seq}", "zh": f"困人 {seq}"},
            "evidence": {"car.door_zone": {"v": False, "since": "x"}}, "unknown": ["car.load_percent"],
        },
    }  # fmt: skip


class Service:
    """Answers `status`, `signals`, `watch` and `events`; what it says may change while it runs.

    `asked` counts the answers given to `watch`; `without` names verbs it does not know.
    """

    def __init__(self, folder: Path) -> None:
        self.answer = FINE
        self.events: list[Answer] = []
        self.asked = 0
        self.without: list[str] = []
        self._path = folder / "control.sock"
        self.config = folder / "agent.toml"
        self.config.write_text(
            f'[elevator]\nsite = "pingluo-01"\nid = "e01"\n[control]\npath = "{self._path}"\n'
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """It runs within the context, and may run again."""
        ready, stop = threading.Event(), list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]()

        async def serve() -> None:
            stopped = asyncio.Event()
            stop.append((asyncio.get_running_loop(), stopped))
            async with ControlServer(self._path, self._verbs()):
                ready.set()
                await stopped.wait()

        thread = threading.Thread(target=asyncio.run, args=[serve()])
        thread.start()
        try:
            assert ready.wait(20)
            yield
        finally:
            loop, stopped = stop[0]
            loop.call_soon_threadsafe(stopped.set)
            thread.join(20)

    def _verbs(self) -> dict[str, Any]:
        async def watch(_params: Answer, _peer: object) -> Answer:
            self.asked += 1
            return self.answer

        async def status(_params: Answer, _peer: object) -> Any:
            return self.answer["status"]

        async def signals(_params: Answer, _peer: object) -> Answer:
            return {"signals": self.answer["signals"]}

        async def events(params: Answer, _peer: object) -> AsyncGenerator[Answer, None]:
            after, code = params.get("after", 0), params.get("code")
            fitting = [each for each in self.events if int(each.get("sequence", 1)) > after]
            fitting = [each for each in fitting if code in (None, each["data"]["code"])]
            limit = params.get("limit", 50)
            for each in fitting[:limit] if after else fitting[-limit:]:
                yield each

        known = {"watch": watch, "status": status, "signals": signals, "events": events}
        return {name: verb for name, verb in known.items() if name not in self.without}
