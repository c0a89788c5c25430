"""The demonstration's broker where no mosquitto is installed: amqtt (MQTT 3.1.1) as a process; knows no topics.

`EmbeddedBroker` has the face of hil/broker.py. What it holds lives in its memory and ends with it, so a subscriber
that must miss nothing after an outage is named at the start: its subscription stands before anyone can publish.
"""

import argparse
import asyncio
import logging
import select
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from amqtt.broker import Broker, BrokerContext
from amqtt.plugins.base import BaseAuthPlugin, BasePlugin
from amqtt.session import Session

from hil.ports import LOOPBACK, ReservedPort

_START_S = 20.0
_STOP_S = 5.0
_QOS = 1


class Admission(BaseAuthPlugin):  # type: ignore[misc]
    """Lets everybody in by name; amqtt keeps no session for those it calls anonymous."""

    async def authenticate(self, *, session: Session) -> bool:
        """Say yes."""
        session.is_anonymous = False
        return True


class Awaited(BasePlugin[BrokerContext]):  # type: ignore[misc]
    """Keeps messages for a subscriber that has not come yet."""

    @dataclass
    class Config:
        """Who is awaited, and for which topics."""

        client_id: str
        topics: str

    async def on_broker_post_start(self) -> None:
        """Subscribe in its name."""
        await self.context.add_subscription(self.config.client_id, self.config.topics, _QOS)


class EmbeddedBroker:
    """One broker process on 127.0.0.1; `stop` and `start` are an outage on the same port.

    `awaited` is a client id and a topic filter: that client's subscription stands from each start on.
    """

    def __init__(self, awaited: tuple[str, str]) -> None:
        self.host = LOOPBACK
        self._awaited = awaited
        self._reserved: ReservedPort | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """The port, from the first start on; the same for the object's whole life."""
        assert self._reserved is not None, "not started yet"
        return self._reserved.number

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Run it and return when it accepts connections; RuntimeError when it does not come up."""
        assert not self.running, "already running"
        if self._reserved is None:
            self._reserved = ReservedPort()
        command = [sys.executable, "-m", "hil.embedded_broker", "--port", str(self.port)]
        self._process = subprocess.Popen(
            [*command, "--awaited", *self._awaited],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a terminal's Ctrl-C reaches its owner, who stops it
        )
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], _START_S)
        if not readable or not self._process.stdout.readline():
            self.stop()
            raise RuntimeError("the embedded broker did not come up; see its standard error")

    def stop(self) -> None:
        """End it; a no-op when it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()

    def close(self) -> None:
        """End it and give its port back."""
        self.stop()
        if self._reserved is not None:
            self._reserved.release()
            self._reserved = None


async def _serve(port: int, client_id: str, topics: str) -> None:
    here = "hil.embedded_broker"
    config = {
        "listeners": {"default": {"type": "tcp", "bind": f"{LOOPBACK}:{port}"}},
        "plugins": {
            f"{here}.Admission": {},
            f"{here}.Awaited": {"client_id": client_id, "topics": topics},
        },
    }
    await Broker(config).start()
    print("ready", flush=True)
    await asyncio.Event().wait()  # until SIGTERM, which ends it at once: it has nothing to save


def main() -> None:
    """Run the process."""
    parser = argparse.ArgumentParser(prog="python -m hil.embedded_broker", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--awaited", nargs=2, required=True, metavar=("CLIENT", "TOPICS"))
    arguments = parser.parse_args()
    logging.disable()  # it reports every client that leaves as an error
    asyncio.run(_serve(arguments.port, *arguments.awaited))


if __name__ == "__main__":
    main()
