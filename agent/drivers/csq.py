"""What a modem answers to AT+CSQ: bytes to a signal strength. Pure.

3GPP TS 27.007, 8.5: the answer is a line `+CSQ: <rssi>,<ber>`, then OK; rssi 0 means -113 dBm or
less, 31 means -51 dBm or more, between them 2 dBm a step, 99 not known or not detectable. Whatever
else a modem says between (its echo, RING, +CREG) is passed over.
"""

import re
from dataclasses import dataclass
from typing import Final

from agent.model import Quality

QUESTION: Final = b"AT+CSQ\r"

_LONGEST: Final = 256  # bytes; no line that matters is longer
_STRENGTH: Final = re.compile(rb"\+CSQ:\s*([0-9]{1,3})\s*,\s*[0-9]{1,3}")
_REFUSALS: Final = (b"ERROR", b"+CME ERROR", b"+CMS ERROR")
_END: Final = re.compile(rb"[\r\n]+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The modem's answer: a strength, or why there is none."""

    dbm: int | None
    quality: Quality = Quality.GOOD
    wrong: str = ""


class Answer:
    """Waits for one answer in what comes. Holds no more than a line."""

    def __init__(self) -> None:
        self._line = b""
        self._rssi: int | None = None

    def feed(self, data: bytes) -> Verdict | None:
        """Take what came; give the verdict once the answer is complete."""
        *lines, self._line = _END.split(self._line + data)
        self._line = self._line[-_LONGEST:]
        for line in lines:
            verdict = self._judged(line.strip())
            if verdict is not None:
                return verdict
        return None

    def _judged(self, line: bytes) -> Verdict | None:
        strength = _STRENGTH.fullmatch(line)
        if strength is not None:
            self._rssi = int(strength[1])
        elif line.startswith(_REFUSALS):
            text = f"the modem refuses ({line[:40].decode('ascii', 'replace')}): check its SIM card"
            return Verdict(None, Quality.NO_ANSWER, text)
        elif line == b"OK" and self._rssi is not None:  # else it ends something asked before
            return strength_of(self._rssi)
        return None


def strength_of(rssi: int) -> Verdict:
    """Translate the modem's number."""
    if rssi <= 31:
        return Verdict(2 * rssi - 113)
    if rssi == 99:
        text = "the modem knows no signal: check its antenna, its SIM card and the coverage"
        return Verdict(None, Quality.NO_ANSWER, text)
    return Verdict(None, Quality.BAD, f"the modem says strength {rssi}, which means nothing")
