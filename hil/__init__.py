"""The bench: a simulated elevator and everything that stands in for hardware; the agent never imports it."""
