"""How the agent fares, as its `status` says it. Pure: told of faults, links and refusals, it words the state."""

from collections.abc import Mapping
from typing import Literal

from agent.uplink.messages import Refusals

STORAGE_FAILED = "storage_failed"
PUBLISH_REFUSED = "publish_refused"


class Health:
    """`fault` is the app's own word for what is wrong with the agent; a stalled journal and refusals are added here."""

    def __init__(self) -> None:
        self.fault: str | None = None
        self.storage_failed = False
        self.refusing = False
        self.links: dict[str, object] = {}
        self._refused = 0
        self._last_refusal = ""

    def refused(self, why: str) -> bool:
        """The broker refused a publish. Answers whether that is news."""
        news = not self.refusing or why != self._last_refusal
        self.refusing = True
        self._refused += 1
        self._last_refusal = why
        return news

    def set_links(self, links: Mapping[str, object]) -> None:
        """The links to the elevator, by driver."""
        self.links = dict(links)

    @property
    def refusals(self) -> Refusals | None:
        """How many publishes were refused and why the last, None when none was."""
        return Refusals(self._refused, self._last_refusal) if self._refused else None

    @property
    def reason(self) -> str | None:
        """The gravest of what is wrong, None when nothing is."""
        if self.storage_failed:
            return STORAGE_FAILED
        return self.fault or (PUBLISH_REFUSED if self.refusing else None)

    @property
    def state(self) -> Literal["online", "degraded"]:
        """Online means: nothing is wrong with the agent itself."""
        return "online" if self.reason is None else "degraded"
