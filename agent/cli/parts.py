"""Lines of a live screen, made of parts that say what they mean; fitted to columns. Pure."""

from collections.abc import Sequence

from agent.cli.layout import clean, columns, cut, pad

Part = tuple[
    str, str
]  # text, and what it means: critical, major, minor, good, dim, bold or nothing
Line = Sequence[Part]


def fit(line: Line, width: int) -> Line:
    """Cut or fill a line to a width."""
    fitted: list[Part] = []
    left = width
    for text, kind in line:
        shown = cut(clean(text), left) if left > 0 else ""
        fitted.append((shown, kind))
        left -= columns(shown)
    return [*fitted, (" " * left, "")]


def cell(text: object, width: int, kind: str = "") -> Part:
    """Make a part of a fixed width."""
    return (pad(cut(clean(str(text)), width), width), kind)


def beside(left: Sequence[Line], left_width: int, right: Sequence[Line]) -> list[Line]:
    """Put two blocks next to each other."""
    rows = max(len(left), len(right))
    filled = [[*block, *[()] * (rows - len(block))] for block in (left, right)]
    return [[*fit(a, left_width), ("  ", ""), *b] for a, b in zip(*filled, strict=True)]


def broken(line: Line, width: int, indent: int) -> list[Line]:
    """Break a line between its parts where it is too wide; what follows stands under the part behind the indent."""
    lines: list[list[Part]] = [[]]
    used = 0
    for part in line:
        size = columns(part[0].rstrip())
        if used > indent and used + size > width:
            lines.append([(" " * indent, "")])
            used = indent
        lines[-1].append(part)
        used += columns(part[0])
    return list(lines)
