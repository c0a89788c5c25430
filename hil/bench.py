"""The world behind its faces: Modbus TCP and RTU, pins, control socket; moved on by the real clock."""

import functools
import random
import time
from collections.abc import Mapping
from dataclasses import asdict

from hil import car_top_box
from hil.control import Command, ControlServer
from hil.deeds import DEEDS, Refused
from hil.mishaps import Mishaps
from hil.modbus_face import Behaviour, ModbusFace
from hil.pins_server import ANNOUNCEMENT, CONTACTS, PinsServer
from hil.rtu_device import READ_HOLDING, device
from hil.rtu_face import RtuFace
from hil.rtu_manners import Manner
from hil.world import World

MOST_AT_ONCE_S = 5.0  # after a stop of the whole process it does not run on for hours


class Bench:
    """One elevator for other processes; whoever runs it starts the faces and calls `catch_up`."""

    def __init__(self, world: World, *, mishaps: Mishaps | None, speedup: float, seed: int) -> None:
        self.world = world
        self._mishaps = mishaps
        self._speedup = speedup
        self._real_s = time.monotonic()
        self._due_s = world.now_s
        self.modbus = ModbusFace(
            self._registers, first=car_top_box.FIRST, device_id=car_top_box.DEVICE_ID
        )
        box = device({READ_HOLDING: (car_top_box.FIRST, self._registers)})
        self.rtu = RtuFace({car_top_box.DEVICE_ID: box})
        chance = random.Random(f"{seed} pins")
        self.pins = PinsServer(CONTACTS, chance, outputs=(ANNOUNCEMENT,))
        self.control = ControlServer(self._commands(), self.catch_up, self._show)
        self._show()

    def catch_up(self) -> None:
        """Move the world to now."""
        now_s = time.monotonic()
        self._due_s += min(MOST_AT_ONCE_S, now_s - self._real_s) * self._speedup
        self._real_s = now_s
        if self._mishaps is not None:
            self._mishaps.advance(self.world, self._due_s)
        else:
            self.world.advance(self._due_s)
        self._show()

    def _registers(self) -> list[int]:
        return car_top_box.encode(self.world.signals(), self.world.shaft)

    def _show(self) -> None:
        self.pins.update(self.world.signals())

    def _commands(self) -> Mapping[str, Command]:
        own: dict[str, Command] = {
            "state": self._state,
            "silence": self._silence,
            "modbus": self._modbus,
            "rtu": self.rtu.command,
            "plug": self.rtu.plug,
        }
        deeds = {name: functools.partial(deed, self.world) for name, deed in DEEDS.items()}
        return {**deeds, **own}

    def _state(self) -> Mapping[str, object]:
        """Tell the whole truth."""
        return {
            **self.world.state(),
            "modbus_functions": _by_text(self.modbus.functions),
            "rtu_functions": _by_text(self.rtu.functions),
            "outputs": {str(pin): asdict(wire) for pin, wire in self.pins.driven.items()},
        }

    def _silence(self, on: bool = True) -> None:
        """Let the Modbus device hear and not answer, on both its faces."""
        self.modbus.behaviour.silent = on
        self.rtu.behave(Manner.SILENCE if on else Manner.HONEST)

    def _modbus(
        self,
        exception: int = 0,
        delay_s: float = 0.0,
        extra_registers: int = 0,
        other_device: bool = False,
        drop: bool = False,
    ) -> None:
        """Set how the Modbus device errs, without arguments not at all; `drop` its connections."""
        if not (0 <= exception <= 255 and 0.0 <= delay_s <= 3600.0):
            raise Refused("exception: 0 to 255; delay_s: 0 to 3600")
        if not -125 <= extra_registers <= 100:
            raise Refused("extra_registers: -125 to 100")
        self.modbus.behaviour = Behaviour(
            exception=exception,
            delay_s=delay_s,
            extra_registers=extra_registers,
            other_device=other_device,
        )
        if drop:
            self.modbus.drop_connections()


def _by_text(functions: Mapping[int, int]) -> dict[str, int]:
    return {str(code): count for code, count in functions.items()}
