"""The stage of a round of chaos: a broker, a faulty way to it, a subscriber beside that, and an agent in a hurry."""

import contextlib
import random
import time
from collections.abc import Generator
from pathlib import Path

from typing_extensions import override

from hil.broker import Mosquitto
from hil.fault_proxy import FaultProxy
from hil.installation import AgentProcess
from hil.subscriber import Subscriber

_LOOK_S = 0.002


class HurriedAgent(AgentProcess):
    """`hil.chaos_agent` as a process; each start goes on with another piece of the life. `rests`: nothing happens."""

    def __init__(self, config: Path, seed: str, pace: float) -> None:
        super().__init__(config)
        self.launched_s: list[float] = []
        self.rests = False
        self._seed, self._pace = seed, pace

    @override
    def launch(self) -> None:
        self.launched_s.append(time.monotonic())
        super().launch()

    @override
    def _command(self) -> list[str]:
        seed = f"{self._seed} life {len(self.launched_s)}"
        told = ["--config", str(self.config), "--seed", seed, "--pace", str(self._pace)]
        return ["hil.chaos_agent", *told, *(["--rest"] if self.rests else [])]


class Stage:
    """What the faults act on. Durations are the agent's seconds; `troubled` are monotonic ones."""

    def __init__(
        self,
        broker: Mosquitto,
        proxy: FaultProxy,
        heard: Subscriber,
        agent: HurriedAgent,
        chance: random.Random,
    ) -> None:
        self.broker, self.proxy, self.heard, self.agent = broker, proxy, heard, agent
        self.chance = chance
        self.pace = 1.0
        self.persists = False  # whether the broker keeps what it has over an orderly stop
        self.kills = 0
        self.troubled: list[tuple[float, float]] = []
        self.problems: list[str] = []

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds / self.pace)

    @contextlib.contextmanager
    def trouble(self) -> Generator[None]:
        """While this lasts nothing is promised about when; afterwards everything is well again."""
        began_s = time.monotonic()
        try:
            yield
            self.proxy.behave()
        finally:
            self.troubled.append((began_s, time.monotonic()))

    def end_agent(self, *, in_order: bool) -> None:
        """Its sudden end, or an orderly one; it must not have ended by itself."""
        if not self.agent.running:
            self.problems.append("the agent had ended by itself")
            return
        if in_order:
            self.agent.wait_until(lambda _: True)  # before that a signal just ends it
            if (code := self.agent.stop()) != 0:
                self.problems.append(f"a stop ended with {code}")
            return
        self.kills += 1
        self.agent.kill()

    def wait_for_welcome(self, seconds: float) -> None:
        """Until the broker lets the agent in anew, or so long."""
        before, talks = len(self.proxy.conversations), self.proxy.conversations
        until_s = time.monotonic() + seconds / self.pace
        while time.monotonic() < until_s:
            if any(talk.accepted_s is not None for talk in talks[before:]):
                return
            time.sleep(_LOOK_S)

    def quieten(self) -> None:
        """Let the subscriber have all that the broker has acknowledged: what the broker says from now on is held back."""
        self.proxy.hold()
        self.heard.fence()

    def restart_broker(self, away_s: float) -> None:
        """Bring it up again; the agent is let in when the subscriber has come back, so that it misses nothing."""
        self.proxy.cut()
        self.wait(away_s)
        self.broker.start()
        self.heard.wait_until_subscribed()
