"""A faulty way to an MQTT broker: what CuttableLink does, and faults that know packets. Notes what each connection sent.

Garbage is what TCP's checksum lets through as nonsense, never what the other side would have to believe: no faked
acknowledgement, no altered payload.
"""

import random
import time
from dataclasses import dataclass, field

from hil.fault_proxy_packets import (
    Kind,
    Splitter,
    is_v5,
    is_welcome,
    kind_of,
    packet_id_of,
    refusal,
    sequence_of,
    topic_of,
)
from hil.link import CuttableLink, Direction

# First bytes that begin no acknowledgement. Type 0 is forbidden: a broker ends the connection when it has the whole packet,
# which is at once or, when the length that follows is a large one, only after it has swallowed what comes next.
_STARTS = {
    Direction.TO_CLIENT: (b"\x00", b"\x10", b"\x20", b"\x31", b"\x90", b"\xb0", b"\xd7"),
    Direction.TO_SERVER: (b"\0\0", b"\0"),
}
_GARBAGE_BYTES = 40


@dataclass(slots=True)
class Rules:
    """What is done to packets now.

    `refuse` is a reason code and which share of what is published gets it, without reaching the broker (MQTT 5 only);
    `deaf` swallows acknowledgements; `garbage` is inserted once each way named.
    """

    refuse: tuple[int, float] | None = None
    deaf: bool = False
    garbage: set[Direction] = field(default_factory=set[Direction])


@dataclass(frozen=True, slots=True)
class Sent:
    """One PUBLISH of the client; `seq` only of an event, `refused` by us."""

    at_s: float
    topic: str
    seq: int | None
    is_empty: bool
    refused: bool


class Conversation:
    """One connection: when the broker let the client in, and what that published. Instants are monotonic."""

    def __init__(self, rules: Rules, chance: random.Random) -> None:
        self.accepted_s: float | None = None
        self.ended_s: float | None = None
        self.sent: list[Sent] = []
        self._rules, self._chance = rules, chance
        self._splitters = {way: Splitter() for way in Direction}
        self._v5 = False

    def take(self, way: Direction, data: bytes) -> tuple[bytes, bytes]:
        """See hil.link.Inspector."""
        onward, answer = b"", b""
        for packet in self._splitters[way].feed(data):
            garbage = self._garbage(way)
            goes, answered = (
                self._upward(packet) if way is Direction.TO_SERVER else self._downward(packet)
            )
            onward += garbage + goes
            answer += answered
        return onward, answer

    def ended(self) -> None:
        """See hil.link.Inspector."""
        self.ended_s = time.monotonic()

    def _upward(self, packet: bytes) -> tuple[bytes, bytes]:
        match kind_of(packet):
            case Kind.CONNECT:
                self._v5 = is_v5(packet)
            case Kind.PUBLISH:
                return self._published(packet)
            case _:
                pass
        return packet, b""

    def _published(self, packet: bytes) -> tuple[bytes, bytes]:
        packet_id, topic = packet_id_of(packet), topic_of(packet)
        code, share = self._rules.refuse or (0, 0.0)
        refused = self._v5 and packet_id is not None and self._chance.random() < share
        seq = sequence_of(packet) if "/event/" in topic else None
        is_empty = b'{"' not in packet
        self.sent.append(Sent(time.monotonic(), topic, seq, is_empty, refused))
        if refused and packet_id is not None:
            return b"", refusal(packet_id, code)
        return packet, b""

    def _downward(self, packet: bytes) -> tuple[bytes, bytes]:
        kind = kind_of(packet)
        if kind == Kind.CONNACK and is_welcome(packet):
            self.accepted_s = time.monotonic()
        swallowed = kind == Kind.PUBACK and self._rules.deaf
        return b"" if swallowed else packet, b""

    def _garbage(self, way: Direction) -> bytes:
        if way not in self._rules.garbage or self.accepted_s is None:
            return b""
        self._rules.garbage.discard(way)
        return self._chance.choice(_STARTS[way]) + self._chance.randbytes(
            self._chance.randrange(_GARBAGE_BYTES)
        )


class FaultProxy(CuttableLink):
    """Between the agent and its broker. `rules` may be changed at any time; `conversations` are in order."""

    def __init__(self, target_port: int, seed: str) -> None:
        self.rules = Rules()
        self.conversations: list[Conversation] = []
        self._chance = random.Random(seed)
        super().__init__(target_port)
        self.inspect = self._meet

    def behave(self) -> None:
        """End every fault; what was held back is delivered now."""
        self.rules.refuse, self.rules.deaf = None, False
        self.rules.garbage.clear()
        self.delay_s = self.jitter_s = 0.0
        self.bytes_per_s = None
        self.mend()

    def _meet(self) -> Conversation:
        conversation = Conversation(self.rules, self._chance)
        self.conversations.append(conversation)
        return conversation
