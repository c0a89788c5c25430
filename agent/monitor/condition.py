"""What a detector says of its rule at one instant."""

from collections.abc import Mapping

import msgspec

from agent.model import Detail, Severity
from agent.monitor.rest import REST


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """`holds`: True, False, or None for unknown, which neither raises nor clears.

    `due_us`: ask again then, although no signal may change; or `REST`. `since_us`: when the condition began.
    `severity` replaces the catalog's, `evidence` the signals it names. `detail` goes into the event. `filtered`: it would
    hold but for a filter, which is worth a notice. `notice`: this instant is an event in itself.
    """

    holds: bool | None
    due_us: int | None = None
    since_us: int | None = None
    severity: Severity | None = None
    detail: Mapping[str, Detail] | None = None
    evidence: tuple[str, ...] | None = None
    filtered: bool = False
    notice: bool = False


NO = Condition(holds=False)
UNKNOWN = Condition(holds=None)
RESTING = Condition(holds=False, due_us=REST)
