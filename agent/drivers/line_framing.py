"""How the frames on a driver's line are made, by its settings. Opens nothing."""

from agent.drivers.address import address_of, is_rtu
from agent.drivers.dissect import Framing
from agent.settings import DriverSettings, ModbusSettings, SerialSettings


def framing_for(driver: DriverSettings) -> Framing | None:
    """Give the framing of a driver's line; None where it is nothing we take apart by rule."""
    match driver:
        case ModbusSettings():
            return Framing.RTU if is_rtu(address_of(driver.url)) else Framing.TCP
        case SerialSettings():
            return Framing.CIC
        case _:
            return None
