"""Which devices are on a line, and at which speed: asks each address for one register. Only reads.

Any answer is life, a refusal too; that a gateway cannot reach a device is none.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from agent.clock import sleep
from agent.drivers.address import BAUDRATES, SerialAddress, address_of
from agent.drivers.blocks import Block
from agent.drivers.learn_survey import Outcome
from agent.drivers.registers import Table

DEVICE_IDS: Final = range(1, 248)
_PROBE: Final = Block(Table.HOLDING, 0, 1)
_COMMON_FIRST: Final = (9600, 19200, 115200)  # what the known elevator devices are set to


class Device(Protocol):
    """One address on a line."""

    said: str

    async def connect(self) -> str:
        """Open the line; empty on success, else what is wrong."""
        ...

    async def ask(self, block: Block) -> Outcome:
        """Ask once."""
        ...

    def close(self) -> None:
        """Free the line."""
        ...


@dataclass(frozen=True, slots=True)
class Probed:
    """One address asked. `exception` is the refusal's code, 0 where it answered or was silent.

    `wrong` says why it was silent.
    """

    url: str
    device_id: int
    answers: bool
    exception: int = 0
    wrong: str = ""


class LineClosedError(Exception):
    """The line cannot be opened; the text says why and what to do."""


def urls_of(url: str) -> Sequence[str]:
    """Give the url at every speed a serial line may have, the commonest first; others as they are.

    Raises ValueError for a wrong url.
    """
    address = address_of(url)
    if not isinstance(address, SerialAddress):
        return (url,)
    rest = [rate for rate in BAUDRATES if rate not in _COMMON_FIRST]
    tail = f"parity={address.parity}&stopbits={address.stopbits}"
    return tuple(
        f"serial://{address.path}?baudrate={rate}&{tail}" for rate in [*_COMMON_FIRST, *rest]
    )


async def scan(
    open_device: Callable[[str, int], Device],
    urls: Iterable[str],
    ids: Iterable[int],
    pause_s: float,
) -> AsyncGenerator[Probed, None]:
    """Yield each address as it was asked; speeds after the first with a device are not tried.

    Raises LineClosedError.
    """
    listed = tuple(ids)
    for url in urls:
        found = False
        for device_id in listed:
            probed = await _probe(open_device(url, device_id), url, device_id)
            found = found or probed.answers
            yield probed
            await sleep(pause_s)
        if found:
            return


async def _probe(device: Device, url: str, device_id: int) -> Probed:
    try:
        wrong = await device.connect()
        if wrong:
            raise LineClosedError(wrong)
        outcome = await device.ask(_PROBE)
    finally:
        device.close()
    if outcome.is_silent:
        return Probed(url, device_id, answers=False, wrong=device.said)
    return Probed(url, device_id, answers=True, exception=outcome.exception)
