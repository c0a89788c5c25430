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
    r"(?<!\d)\d\d:\d\d:\d\d(?!\d)": "hh:mm:ss",
    r"\bversion \d+\.\d+\.\d+\b": "version x.y.z",
    r"(?<=版本 )\d+\.\d+\.\d+": "x.y.z",
    r"\b\d+\.\d (?=s$|秒$)": "n.n ",
}


def masked(screen: str) -> str:
    """A screen without what varies."""
    for pattern, mask in VARYING.items():
        screen = re.sub(pattern, mask, screen, flags=re.MULTILINE)
    return screen


def legible(screen: str) -> str:
    """A coloured screen with `<1;31>` where the colour of the letters changes, `<>` where it ends; blanks have none."""
    written, colour = "", ""
    state: set[str] = set()
    for escape, letter in re.findall("\x1b\\[([0-9;]*)m|([^\x1b])", screen):
        if not letter:
            for code in escape.split(";"):
                state = _after(state, code)
        elif not letter.isspace() and colour != (wanted := ";".join(sorted(state))):
            written, colour = f"{written}<{wanted}>", wanted
        written += letter
    return written


def _after(state: set[str], code: str) -> set[str]:
    """The attributes after one more code; 39 and 49 are the usual colours."""
    match code:
        case "" | "0":
            return set()
        case "39" | "49":
            return {each for each in state if not each.startswith(code[0])}
        case _ if len(code) == 2:  # a colour takes the place of another
            return {each for each in state if each[0] != code[0]} | {code}
        case _:
            return state | {code}


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
