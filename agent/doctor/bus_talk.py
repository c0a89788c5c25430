"""What the looks at buses share: who is asked and where, and what a conversation says about its end. Opens nothing."""

from collections.abc import Iterable
from typing import Final

from agent.doctor.scene import Scene
from agent.drivers.address import SerialAddress, address_of
from agent.drivers.dissect import Framing
from agent.drivers.dissect_talk import Talk
from agent.drivers.line_framing import framing_for
from agent.drivers.profiles import NotGivenError, Profile, ProfileProblems, WrongKindError
from agent.drivers.table import profile_for
from agent.drivers.tap import Frame
from agent.settings import ModbusSettings, SerialSettings

GARBLED: Final = "garbled"

Asked = ModbusSettings | SerialSettings


def last_wrong(driver: Asked, frames: Iterable[Frame]) -> tuple[str, int]:
    """Give the word for the last damaged answer among a driver's frames, and the code of its last refusal.

    A frame that does not even begin like an answer is `garbled`, whatever its checksum says.
    """
    framing = framing_for(driver)
    talk = Talk({driver.name: framing} if framing else {})
    asked, word, exception = b"", "", 0
    for frame in frames:
        said = talk.heard(frame.driver, frame.data, out=frame.way == "out")
        if frame.way == "out":
            asked = frame.data
        elif said.exception and not said.wrong:
            exception = said.exception
        elif said.wrong not in {"", "noise", "empty"}:
            begins = framing is Framing.TCP or frame.data[:2] == asked[:2]
            word = said.wrong if begins or said.wrong not in {"crc", "short"} else GARBLED
    return word, exception


def profile_of(scene: Scene, driver: Asked) -> Profile | None:
    """Read the profile; one that is wrong is a problem of the configuration, which is said there."""
    try:
        return profile_for(driver, scene.folders)
    except (ProfileProblems, NotGivenError, WrongKindError):
        return None


def is_listening(driver: Asked) -> bool:
    """Whether the driver only listens."""
    return isinstance(driver, SerialSettings) and driver.mode == "listen"


def place_of(driver: Asked) -> str:
    """Give the line and, where there is one, the address, as a technician says it."""
    address = address_of(driver.url)
    place = address.line
    if isinstance(address, SerialAddress):
        place = f"{place.rpartition('/')[2]} {address.baudrate} {address.parity}"
    return f"{place} id {driver.device_id}" if isinstance(driver, ModbusSettings) else place
