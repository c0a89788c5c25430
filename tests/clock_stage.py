"""An agent whose wall clock stands in a file: `python -m tests.clock_stage run --config …`. Its uptime is the machine's.

The file says how far the wall clock is from the machine's own, whether a time service has marked it as synchronised, what
the system answers when it is asked, and which boot it is.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from typing_extensions import override

from agent import app
from agent.__main__ import main
from agent.clock import Clock
from agent.uplink import link
from hil.installation import AgentProcess

_VARIABLE, RETRY = "CLOCK_STAGE_FILE", "CLOCK_STAGE_RETRY_S"
YEAR_S = 365.25 * 86400
SINCE_1970 = "since_1970"


class FileClock(Clock):
    """Reads its file at each look."""

    def __init__(self) -> None:
        super().__init__()
        self._file = Path(os.environ[_VARIABLE])
        self.boot_id = self._said("boot_id")

    def _said(self, name: str) -> Any:
        return json.loads(self._file.read_text(encoding="utf-8"))[name]

    @override
    def _wall_us(self) -> int:
        off_s = self._said("off_s")
        wall_us = self.uptime_us() if off_s == SINCE_1970 else super()._wall_us()
        return wall_us + (0 if off_s == SINCE_1970 else round(off_s * 1_000_000))

    @override
    def _is_marked(self) -> bool:
        return bool(self._said("marked"))

    @override
    async def _ask(self) -> bool | None:
        return bool(self._said("answer"))


class StagedAgent(AgentProcess):
    """An agent with such a clock."""

    def __init__(self, config: Path, **options: Any) -> None:
        super().__init__(config, **options)
        self._file = config.parent / "clock.json"
        self.environment[_VARIABLE] = str(self._file)
        self._clock = {"off_s": SINCE_1970, "marked": False, "answer": False, "boot_id": "boot-a"}
        self.clock()

    def clock(self, **said: object) -> None:
        """Change what the clock says from now on."""
        self._clock |= said
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(self._clock), encoding="utf-8")
        new.rename(self._file)

    @override
    def _command(self) -> list[str]:
        return ["tests.clock_stage", "run", "--config", str(self.config)]


if __name__ == "__main__":
    link.FIRST_RETRY_S = link.LONGEST_RETRY_S = float(os.environ.get(RETRY, "1"))
    setattr(app, "Clock", FileClock)  # noqa: B010 - a name that the module does not give away
    sys.exit(main())
