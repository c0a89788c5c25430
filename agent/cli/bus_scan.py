"""`elevator-agent bus --scan`: which device addresses answer on a line, and at which speed. Only reads."""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path

from agent.cli import screen
from agent.cli.bus_looking import Looking, may_begin
from agent.cli.texts import Words
from agent.cli.verb import FINE, INTERRUPTED, USAGE, WARNING
from agent.clock import Clock
from agent.drivers.learn_wire import LookingWire, Waits
from agent.drivers.scan import DEVICE_IDS, LineClosedError, Probed, scan, urls_of
from agent.drivers.tap import Tap


def scan_line(
    words: Words, config: Path | None, looking: Looking, device_id: int | None, *, as_json: bool
) -> int:
    """Ask every address, or one; show those that answer."""
    if not may_begin(words, config, looking):
        return USAGE
    found: list[Probed] = []
    ids = DEVICE_IDS if device_id is None else [device_id]
    code = FINE
    try:
        asyncio.run(_scan(words, looking, ids, found))
    except LineClosedError as wrong:
        screen.say(str(wrong))
        return WARNING
    except KeyboardInterrupt:
        code = INTERRUPTED
    if as_json:
        screen.show_json(
            [{"url": p.url, "device_id": p.device_id, "exception": p.exception} for p in found]
        )
    elif found:
        header = [words("bus.column.device"), words("bus.column.url")]
        screen.show_table(header, [[str(p.device_id), p.url] for p in found])
    if not found and code == FINE:
        screen.say(words("bus.scan.nobody"))
        return WARNING
    return code


async def _scan(words: Words, looking: Looking, ids: Iterable[int], found: list[Probed]) -> None:
    clock, tap = Clock(), Tap()
    waits = Waits(looking.timeout_ms, looking.timeout_ms)

    def opened(url: str, device_id: int) -> LookingWire:
        return LookingWire(url, device_id, clock, waits, tap)

    shows = sys.stderr.isatty()
    async for probed in scan(opened, urls_of(looking.url), ids, looking.pause_ms / 1000):
        if probed.answers:
            found.append(probed)
        if shows:
            text = words(
                "bus.scan.progress", device=probed.device_id, url=probed.url, count=len(found)
            )
            sys.stderr.write(f"\r{text}\x1b[K")
            sys.stderr.flush()
    if shows:
        sys.stderr.write("\r\x1b[K")
