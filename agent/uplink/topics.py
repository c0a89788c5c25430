"""The names of the topics, contract section 4. Pure; knows nothing of what is published there."""

from dataclasses import dataclass

from agent.model import Severity
from agent.settings import ElevatorSettings, MqttSettings


def root(prefix: str, site: str, elevator: str) -> str:
    """What every topic of an elevator begins with, and the `source` of its events."""
    return f"{prefix}/{site}/{elevator}"


@dataclass(frozen=True, slots=True)
class Topics:
    """All topics of one elevator below its root."""

    root: str

    @classmethod
    def of(cls, mqtt: MqttSettings, elevator: ElevatorSettings) -> "Topics":
        """Prefix, site and elevator, as configured."""
        return cls(root(mqtt.prefix, elevator.site, elevator.id))

    @property
    def status(self) -> str:
        """Whether the agent is there; also the will's topic."""
        return f"{self.root}/status"

    @property
    def asset(self) -> str:
        """The elevator's card."""
        return f"{self.root}/asset"

    @property
    def state(self) -> str:
        """All signals."""
        return f"{self.root}/state"

    def event(self, severity: Severity, code: str) -> str:
        """The journal's transitions of one code."""
        return f"{self.root}/event/{severity.value}/{code}"

    def alarm(self, code: str, instance: str | None) -> str:
        """What stands raised of one code, and of one instance where there are several."""
        tail = code if instance is None else f"{code}/{instance}"
        return f"{self.root}/alarm/{tail}"

    @property
    def alarms(self) -> str:
        """The filter that reads back every own alarm."""
        return f"{self.root}/alarm/#"

    @property
    def requests(self) -> str:
        """The filter that hears every request."""
        return f"{self.root}/req/#"

    def response(self, verb: str) -> str:
        """Where a request is answered that names no topic of its own."""
        return f"{self.root}/resp/{verb}"

    def is_response(self, topic: str) -> bool:
        """Whether a topic lies below the own `resp/` and can be published to."""
        below = topic.removeprefix(f"{self.root}/resp/")
        return below not in ("", topic) and not set("+#\0") & set(topic)

    def is_alarm(self, topic: str) -> bool:
        """Whether a topic lies below the own `alarm/`."""
        return topic.startswith(f"{self.root}/alarm/")

    def kind(self, topic: str) -> str:
        """The level below the root, such as `alarm` or `status`."""
        return topic.removeprefix(f"{self.root}/").partition("/")[0]
