"""Edge agent for one elevator: watches, decides, journals, publishes; never writes to a controller."""

__version__ = "0.1.0"
