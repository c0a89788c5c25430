"""At rest: what a node says when only a few of what it reads can change its answer.

A button that is not pressed does not care for doors, nor a closed door for the zones that pass under way. Such a node
answers `REST` in place of an instant. It is then asked only when one of its `wakes` changes, until it answers otherwise:
while it rests, nothing else may make a difference to what it would say (`tests/test_monitor_all_asked.py`).
"""

from typing import Final

REST: Final = -1
