"""Recordings by hand, for the control socket: start, stop, save, list.

The only request of the socket that writes anything, and only recordings: who asked is logged, as the kernel knows it.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from agent.clock import Clock
from agent.control import Peer, RefusedError
from agent.flight_names import Kept, kept, wall_of
from agent.flight_tape import Tape
from agent.model import SECOND_US, Instant
from agent.recorder import Recorder

USUAL_MINUTES, MOST_MINUTES = 10.0, 1440.0
_LIST_MOST = 300  # of the newest; what is answered at once fits into a frame
_T = TypeVar("_T")
_log = logging.getLogger("agent.recorder")


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters: what to do, and for how long or how far back."""

    action: Literal["start", "stop", "save", "list"]
    minutes: Annotated[float, msgspec.Meta(gt=0, le=MOST_MINUTES)] | None = None


class RecordAnswer:
    """The verb `record`."""

    def __init__(self, recorder: Recorder, clock: Clock) -> None:
        self._recorder, self._clock = recorder, clock

    async def record(self, params: dict[str, Any], peer: Peer) -> dict[str, object]:
        """Do one of the four."""
        try:
            asked = msgspec.convert(params, Asked)
        except msgspec.ValidationError as wrong:
            remedy = "See: elevator-agent record --help"
            raise RefusedError("bad_params", str(wrong), remedy) from wrong
        now = self._clock.now()
        match asked.action:
            case "start":
                return await self._start(asked.minutes or USUAL_MINUTES, now, peer)
            case "stop":
                return await self._stop(now, peer)
            case "save":
                return await self._save(asked.minutes, now, peer)
            case _:
                return await self._list(now)

    async def _start(self, minutes: float, now: Instant, peer: Peer) -> dict[str, object]:
        running = self._recorder.by_hand
        if running is not None:
            remedy = "End it first: elevator-agent record stop"
            raise RefusedError("busy", f"A recording is under way: {running.name}.", remedy)
        await self._has_room()
        tape = self._taken(self._recorder.start_by_hand(now, minutes))
        _log.info("User %d started the recording %s, %g min.", peer.uid, tape.name, minutes)
        await self._written(tape)
        return self._of(tape, now)

    async def _stop(self, now: Instant, peer: Peer) -> dict[str, object]:
        tape = self._recorder.by_hand
        if tape is None:
            remedy = "Start one: elevator-agent record start"
            raise RefusedError("not_recording", "No recording by hand is under way.", remedy)
        _log.info("User %d ended the recording %s.", peer.uid, tape.name)
        tape.end(now.uptime_us)
        self._recorder.tick(now.uptime_us)
        await self._written(tape)
        return self._of(tape, now)

    async def _save(self, minutes: float | None, now: Instant, peer: Peer) -> dict[str, object]:
        await self._has_room()
        tape = self._taken(self._recorder.save_by_hand(now, minutes))
        _log.info("User %d saved the last minutes as %s.", peer.uid, tape.name)
        await self._written(tape)
        return self._of(tape, now)

    async def _list(self, now: Instant) -> dict[str, object]:
        recorder = self._recorder
        files = await self._from_disk(recorder.shelf.files)
        newest = files[::-1][:_LIST_MOST]
        remembered_us = now.uptime_us - recorder.window.begin_us
        return {
            "directory": str(recorder.shelf.folder),
            "remembered_s": remembered_us // SECOND_US,
            "total_bytes": sum(each.size for each in files),
            "bytes_max": recorder.shelf.bytes_max,
            "under_way": [self._of(tape, now) for tape in recorder.under_way],
            "recordings": [_row(each) for each in newest],
            "older": len(files) - len(newest),
        }

    async def _has_room(self) -> None:
        """Look first: a person wants to hear at once that nothing will be written."""
        if not await self._from_disk(self._recorder.shelf.look):
            remedy = "Make room, or lower recorder.keep_free_mb."
            raise RefusedError("storage_failed", "The disk is too full to record.", remedy)

    async def _written(self, tape: Tape) -> None:
        """What was handed over so far is in the file."""
        await self._from_disk(lambda: None)
        if tape.error is not None:
            remedy = f"See that the service may write to {self._recorder.shelf.folder}."
            raise RefusedError("storage_failed", f"{tape.name}: {tape.error}", remedy)

    async def _from_disk(self, job: Callable[[], _T]) -> _T:
        disk = self._recorder.disk
        if disk.is_behind:
            remedy = "See whether its card is full or broken: dmesg, df"
            raise RefusedError("busy", "The disk does not answer.", remedy)
        try:
            return await asyncio.wrap_future(disk.call(job))
        except OSError as wrong:
            remedy = f"See that the service may read {self._recorder.shelf.folder}."
            raise RefusedError("storage_failed", str(wrong), remedy) from wrong

    def _taken(self, tape: Tape | None) -> Tape:
        if tape is None:
            remedy = "Try again in a minute; if it stays so, the disk does not answer."
            raise RefusedError("busy", "Too many recordings are under way.", remedy)
        return tape

    def _of(self, tape: Tape, now: Instant) -> dict[str, object]:
        named = kept(tape.name, 0)
        assert named is not None, tape.name
        ends_us = tape.until_us or now.uptime_us
        return {
            "name": tape.name,
            "directory": str(self._recorder.shelf.folder),
            "kind": named.kind,
            "code": named.code,
            "from": _wall(now, tape.start_us),
            "to": _wall(now, ends_us),
            "whole": tape.is_done and tape.error is None,
        }


def _row(file: Kept) -> dict[str, object]:
    return {"name": file.name, "kind": file.kind, "code": file.code, "bytes": file.size}


def _wall(now: Instant, uptime_us: int) -> str:
    at = replace(now, wall_us=now.wall_at(uptime_us))
    return f"{wall_of(at):%Y-%m-%dT%H:%M:%SZ}"
