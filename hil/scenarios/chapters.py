"""The stories by chapter; importing this enters them all."""

from hil.scenarios import entrapments

ALL = (entrapments,)
