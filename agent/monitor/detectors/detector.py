"""What a detector is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agent.monitor.condition import Condition
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot

# Any: memory is each detector's own type, named in its file.
DetectorStep = Callable[[Any, Snapshot, Limits], tuple[Any, Condition]]


@dataclass(frozen=True, slots=True)
class Detector:
    """One event's rule: the code in the catalog, the signals and terms it reads, its pure step and its first memory.

    `reads_loss`: the signals of which it reads whether they are lost, or have spoken yet. `wakes`: what of its reads
    matters while it rests (`rest.py`).
    """

    code: str
    reads: tuple[str, ...]
    step: DetectorStep
    memory: object = None
    memory_type: Any = None
    reads_loss: tuple[str, ...] = ()
    instance: str | None = None
    wakes: tuple[str, ...] = ()
