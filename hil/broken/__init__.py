"""Installations that are broken in one way each, built on the bench from real parts, and what `doctor` says of each.

`python -m hil.broken list` tells them, `check` builds and asks. Knows the agent from outside: its configuration, its
processes and its commands.
"""
