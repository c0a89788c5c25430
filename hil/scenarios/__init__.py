"""Labelled stories of one elevator: each generates a recording and says what must and must not be raised."""
