"""What this agent said last on its retained topics, to be told from what somebody else wrote there. Pure."""

from collections import deque

_REMEMBERED = 8  # of what was said and not read back yet, on each topic


class Said:
    """Keeps no payloads, only what they hash to in this process, which nobody outside can aim at."""

    def __init__(self) -> None:
        self._said: dict[str, deque[int]] = {}

    def sent(self, topic: str, payload: bytes) -> None:
        """This was published; nothing of an emptied topic has to be remembered."""
        if payload:
            self._said.setdefault(topic, deque(maxlen=_REMEMBERED)).append(hash(payload))
        else:
            self._said.pop(topic, None)

    def is_own(self, topic: str, payload: bytes) -> bool:
        """Whether what is read back is the last thing said, or one on its way; what was said before it is over."""
        said, heard = self._said.get(topic), hash(payload)
        if said is None or heard not in said:
            return False
        while said[0] != heard:
            said.popleft()
        return True
