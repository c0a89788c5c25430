"""A Modbus device as a function: the body of a question in, the body of its answer out. Pure."""

import struct
from collections.abc import Callable, Mapping, Sequence

Values = Callable[[], Sequence[int]]
READ_HOLDING = 3
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
_BIT_FUNCTIONS = (1, 2)


def device(tables: Mapping[int, tuple[int, Values]]) -> Callable[[bytes], bytes]:
    """Make a device of tables by reading function: the first address, and what stands there."""

    def answer(question: bytes) -> bytes:
        function = question[0]
        if function not in tables:
            return bytes((function | 0x80, ILLEGAL_FUNCTION))
        first, values = tables[function]
        start, count = struct.unpack(">HH", question[1:5])
        present = values()
        if not 1 <= count <= (2000 if function in _BIT_FUNCTIONS else 125):
            return bytes((function | 0x80, ILLEGAL_VALUE))
        if not first <= start <= start + count <= first + len(present):
            return bytes((function | 0x80, ILLEGAL_ADDRESS))
        data = _packed(function, present[start - first : start - first + count])
        return bytes((function, len(data))) + data

    return answer


def _packed(function: int, values: Sequence[int]) -> bytes:
    if function not in _BIT_FUNCTIONS:
        return struct.pack(f">{len(values)}H", *values)
    bits = sum((1 if value else 0) << n for n, value in enumerate(values))
    return bits.to_bytes((len(values) + 7) // 8, "little")
