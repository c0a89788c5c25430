"""A register by which a device says whether its other registers are worth anything. Pure.

A gateway goes on answering when it has lost what it reads from, with the values it had last. They
must not be taken for new ones.
"""

from dataclasses import dataclass

from agent.drivers.registers import Point, Table, Words


@dataclass(frozen=True, slots=True)
class Validity:
    """Words count only if the one at `address` of `table`, read with them, is `equals`.

    `otherwise` tells a technician what it means when it is not, and what to do.
    """

    table: Table
    address: int
    equals: int
    otherwise: str

    @property
    def point(self) -> Point:
        """The register as something to be read."""
        return Point(signal="", table=self.table, address=self.address)

    def refutes(self, words: Words, first: int) -> str:
        """Say why words from address `first` on are worth nothing; empty if they are good."""
        found = words[self.address - first]
        if found == self.equals:
            return ""
        return f"{self.table.value} 0x{self.address:04X} is {found}: {self.otherwise}"
