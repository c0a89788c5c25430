"""One simulated elevator as a process, in real time.

`python -m hil.elevator --modbus-port 5020 --pins-socket P --control-socket C` prints one line of
JSON when everything listens, and runs until SIGTERM or Ctrl-C. With `--rtu-link L` the Modbus device
is on an RTU line as well, whose port is L.
"""

import argparse
import asyncio
import json
import random
import signal
from pathlib import Path

from hil.bench import Bench
from hil.mishaps import Mishaps
from hil.shaft import Shaft
from hil.world import World

STEP_S = 0.04


def main() -> None:
    """Run the process."""
    arguments = _arguments()
    for path in (arguments.pins_socket, arguments.control_socket):
        path.unlink(missing_ok=True)  # what an earlier run left
    asyncio.run(_run(arguments))
    for path in (arguments.pins_socket, arguments.control_socket):
        path.unlink(missing_ok=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m hil.elevator", description=__doc__)
    parser.add_argument("--modbus-port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--pins-socket", type=Path, required=True)
    parser.add_argument("--control-socket", type=Path, required=True)
    parser.add_argument("--rtu-link", type=Path, help="a serial port of this name, Modbus RTU")
    parser.add_argument("--baud", type=int, default=9600, help="of the RTU line (9600)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--floors", type=int, default=8)
    parser.add_argument("--no-riders", action="store_true", help="nobody comes but on command")
    parser.add_argument("--riders-every", type=float, default=60.0, metavar="S")
    parser.add_argument("--faults-every", type=float, metavar="S", help="faults by chance")
    parser.add_argument("--speedup", type=float, default=1.0, help="simulated s per real s")
    return parser.parse_args()


def _bench(arguments: argparse.Namespace) -> Bench:
    seed: int = arguments.seed
    world = World(
        seed=seed,
        shaft=Shaft(floors=arguments.floors),
        interval_s=None if arguments.no_riders else arguments.riders_every,
    )
    mishaps = None
    if arguments.faults_every:
        mishaps = Mishaps(random.Random(f"{seed} mishaps"), arguments.faults_every)
    return Bench(world, mishaps=mishaps, speedup=arguments.speedup, seed=seed)


async def _run(arguments: argparse.Namespace) -> None:
    bench = _bench(arguments)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await bench.modbus.start(arguments.modbus_port)
    await bench.pins.start(arguments.pins_socket)
    await bench.control.start(arguments.control_socket)
    if arguments.rtu_link is not None:
        bench.rtu.set_baudrate(arguments.baud)
        await bench.rtu.start(arguments.rtu_link)
    ready = {
        "ready": True,
        "modbus_port": bench.modbus.port,
        "pins_socket": str(arguments.pins_socket),
        "control_socket": str(arguments.control_socket),
        "rtu_link": None if arguments.rtu_link is None else str(arguments.rtu_link),
    }
    print(json.dumps(ready), flush=True)
    while not stop.is_set():
        bench.catch_up()
        try:
            await asyncio.wait_for(stop.wait(), STEP_S)
        except TimeoutError:
            continue
    for face in (bench.modbus, bench.rtu, bench.pins, bench.control):
        await face.close()


if __name__ == "__main__":
    main()
