"""Three-valued logic: True, False, and None for unknown. Shared by terms and detectors."""


def every(*parts: bool | None) -> bool | None:
    """Three-valued and: one known False decides, else one unknown leaves it unknown."""
    if False in parts:
        return False
    return None if None in parts else True


def either(*parts: bool | None) -> bool | None:
    """Three-valued or: one known True decides, else one unknown leaves it unknown."""
    if True in parts:
        return True
    return None if None in parts else False


def is_not(part: bool | None) -> bool | None:  # noqa: FBT001
    """Three-valued not."""
    return None if part is None else not part
