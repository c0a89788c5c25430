"""Frames in the order they passed, each taken apart beside the question it belongs to. Pure.

Modbus TCP numbers its questions; elsewhere an answer belongs to the last question of its driver.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from agent.drivers.dissect import Dissected, Framing, answering, dissect

KEPT_QUESTIONS: Final = 16  # of one driver; more are never open

_Open = OrderedDict[int | None, tuple[bytes, Dissected]]


class Talk:
    """The conversations of all drivers. `framings` says how a driver's frames are framed, if known."""

    def __init__(self, framings: Mapping[str, Framing] | None = None) -> None:
        self._framings = framings or {}
        self._open: dict[str, _Open] = {}

    def heard(self, driver: str, data: bytes, *, out: bool) -> Dissected:
        """Take the next frame apart."""
        found = dissect(self._framings.get(driver), data, out=out)
        asked = self._open.setdefault(driver, OrderedDict())
        raw, question = asked.get(found.transaction, (b"", None))
        if not out and raw and data == raw:
            return Dissected(framing=found.framing, device=data[0], wrong="echo")
        if found.is_question:
            asked[found.transaction] = (data if out else b"", found)
            asked.move_to_end(found.transaction)
            if len(asked) > KEPT_QUESTIONS:
                asked.popitem(last=False)
            return found
        if found.framing is None or not data or not asked:
            return found  # before the first question is heard, nothing is known of what was asked
        return answering(found, question)
