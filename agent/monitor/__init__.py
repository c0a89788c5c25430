"""Readings → events. Pure: no clock, no I/O."""
