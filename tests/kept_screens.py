"""The kept screens of tests/screens: what a terminal shows is compared with them.

`SCREENS=write python -m pytest tests/test_screens.py` writes them anew; look at the difference before you commit it.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent / "screens"
WRITE = os.environ.get("SCREENS") == "write"

# Everything that varies from run to run or from version to version, and what stands for it in the same number of columns.
VARYING: Mapping[str, str] = {
    r"\b\d\d:\d\d:\d\d\b": "hh:mm:ss",
    r"\bversion \d+\.\d+\.\d+\b": "version x.y.z",
    r"(?<=版本 )\d+\.\d+\.\d+": "x.y.z",
}


def masked(screen: str) -> str:
    """A screen without what varies."""
    for pattern, mask in VARYING.items():
        screen = re.sub(pattern, mask, screen)
    return screen


def holds(name: str, screen: str) -> bool:
    """Whether a screen is the kept one."""
    return WRITE or _kept(name) == masked(screen)


def compare(name: str, screen: str) -> None:
    """Fail unless a screen is the kept one; or keep it, where that was asked for."""
    if WRITE:
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / f"{name}.txt").write_text(masked(screen) + "\n", encoding="utf-8")
    assert masked(screen) == _kept(name), f"not the kept screen {name}; it shows:\n{screen}"


def _kept(name: str) -> str:
    path = FOLDER / f"{name}.txt"
    return path.read_text(encoding="utf-8").removesuffix("\n") if path.exists() else ""
