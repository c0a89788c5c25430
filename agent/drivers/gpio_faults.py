"""What went wrong with a pin: whether it is the world's doing, and what a technician can do about it. Pure."""

from typing import Final

_ADVICE: Final = (
    ("busy", "another program holds the pin; `gpioinfo` names it, stop it"),
    ("in use", "the pin is configured twice; give each signal a pin of its own"),
    ("fixed", 'pins 2 and 3 are pulled up on the board; use pull = "up" or another pin'),
    ("physical pull", 'pins 2 and 3 are pulled up on the board; use pull = "up" or another pin'),
    ("revision", "this computer is not a Raspberry Pi; remove the gpio driver or move the card"),
    ("permission", "the service's user must be in group gpio"),
    ("no module named", "the lgpio library is missing; install python3-lgpio"),
    ("pin factory", "GPIOZERO_PIN_FACTORY names no installed pin library; correct or unset it"),
    (".lgd-nfy", "lgpio may not write its pipe; set LG_WD to a folder that this user may write"),
    ("gpiochip", "the kernel shows no GPIO device; check /dev/gpiochip* and the service's rights"),
)


def advice(error: Exception) -> str:
    """Say what happened and what to do."""
    text = str(error) or type(error).__name__
    remedy = next((r for needle, r in _ADVICE if needle in text.lower()), "check wiring and pin")
    return f"{text}: {remedy}"


def is_world(error: Exception) -> bool:
    """Say whether an error comes from pins and chips; anything else is our own mistake."""
    foreign = {cls.__module__.partition(".")[0] for cls in type(error).__mro__}
    return isinstance(error, (OSError, ImportError)) or not foreign.isdisjoint(
        {"gpiozero", "lgpio"}
    )
