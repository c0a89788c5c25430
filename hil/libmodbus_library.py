"""libmodbus from Debian, by ctypes: registers to serve, and one question answered at a time.

An implementation of Modbus that shares no line with the agent's. It knows sockets and terminals as
file descriptors only.
"""

import ctypes
from ctypes import POINTER, c_char, c_char_p, c_int, c_uint, c_uint8, c_uint16, c_uint32, c_void_p
from typing import Final

FILE: Final = "libmodbus.so.5"
REMEDY: Final = "sudo apt-get install libmodbus5"
_LONGEST: Final = 260  # bytes of a question over TCP


class LibraryMissing(RuntimeError):  # noqa: N818 - the name says what happened
    """libmodbus cannot be loaded; the text says what to do."""


class _Mapping(ctypes.Structure):
    """The library's own `modbus_mapping_t`: four tables, each with its first address."""

    _fields_ = [  # type: ignore[mutable-override]  # the shape ctypes wants
        ("nb_bits", c_int), ("start_bits", c_int),
        ("nb_input_bits", c_int), ("start_input_bits", c_int),
        ("nb_input_registers", c_int), ("start_input_registers", c_int),
        ("nb_registers", c_int), ("start_registers", c_int),
        ("tab_bits", POINTER(c_uint8)), ("tab_input_bits", POINTER(c_uint8)),
        ("tab_input_registers", POINTER(c_uint16)), ("tab_registers", POINTER(c_uint16)),
    ]  # fmt: skip


_TABLES: Final = {
    "coil": ("tab_bits", "start_bits", "nb_bits"),
    "discrete": ("tab_input_bits", "start_input_bits", "nb_input_bits"),
    "input": ("tab_input_registers", "start_input_registers", "nb_input_registers"),
    "holding": ("tab_registers", "start_registers", "nb_registers"),
}
_SIGNATURES: Final = {
    "modbus_new_tcp": (c_void_p, (c_char_p, c_int)),
    "modbus_new_rtu": (c_void_p, (c_char_p, c_int, c_char, c_int, c_int)),
    "modbus_free": (None, (c_void_p,)),
    "modbus_set_slave": (c_int, (c_void_p, c_int)),
    "modbus_set_socket": (c_int, (c_void_p, c_int)),
    "modbus_set_response_timeout": (c_int, (c_void_p, c_uint32, c_uint32)),
    "modbus_get_header_length": (c_int, (c_void_p,)),
    "modbus_mapping_new_start_address": (POINTER(_Mapping), (c_uint,) * 8),
    "modbus_mapping_free": (None, (POINTER(_Mapping),)),
    "modbus_receive": (c_int, (c_void_p, POINTER(c_uint8))),
    "modbus_reply": (c_int, (c_void_p, POINTER(c_uint8), c_int, POINTER(_Mapping))),
}


def load(file: str = FILE) -> ctypes.CDLL:
    """Load the library; raises LibraryMissing with the remedy."""
    try:
        library = ctypes.CDLL(file, use_errno=True)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as wrong:
        raise LibraryMissing(
            f"the independent Modbus server needs {FILE}, and it cannot be loaded ({wrong}). "
            f"Remedy: {REMEDY}"
        ) from wrong
    return library


class Registers:
    """The four tables that are served; `spans` gives first address and count of each, by name."""

    def __init__(self, library: ctypes.CDLL, spans: dict[str, tuple[int, int]]) -> None:
        self._library = library
        order = ("coil", "discrete", "holding", "input")
        numbers = [number for name in order for number in spans.get(name, (0, 0))]
        self.mapping = library.modbus_mapping_new_start_address(*numbers)
        assert self.mapping, "out of memory"

    def set(self, table: str, address: int, value: int) -> None:
        """Set one register or bit; raises KeyError for one that is not served."""
        values, first, count = (getattr(self.mapping.contents, name) for name in _TABLES[table])
        if not first <= address < first + count:
            raise KeyError(f"{table} {address} is not served")
        values[address - first] = value

    def free(self) -> None:
        """Give the memory back."""
        self._library.modbus_mapping_free(self.mapping)


class Answerer:
    """Answers questions that come on a descriptor: over TCP, or for one device on an RTU line."""

    def __init__(self, library: ctypes.CDLL, registers: Registers, rtu_device: int | None) -> None:
        self._library, self._registers = library, registers
        if rtu_device is None:
            self._context = library.modbus_new_tcp(b"127.0.0.1", 0)
        else:
            self._context = library.modbus_new_rtu(b"unused", 9600, b"N", 8, 1)
            library.modbus_set_slave(self._context, rtu_device)
        library.modbus_set_response_timeout(self._context, 0, 1000)  # else it idles after a refusal
        self._question = (c_uint8 * _LONGEST)()
        self._function_at: int = library.modbus_get_header_length(self._context)

    def answer(self, descriptor: int) -> bytes | None:
        """Take one question and answer it.

        Gives the question as it came, empty for one to somebody else, None when the other end is
        gone or talks nonsense.
        """
        self._library.modbus_set_socket(self._context, descriptor)
        length = self._library.modbus_receive(self._context, self._question)
        if length < 0:
            return None
        if length:
            question, registers = self._question, self._registers.mapping
            self._library.modbus_reply(self._context, question, length, registers)
        return bytes(self._question[:length])

    def function_of(self, question: bytes) -> int:
        """Give the function code of a question."""
        return question[self._function_at]

    def free(self) -> None:
        """Give the memory back."""
        self._library.modbus_free(self._context)
