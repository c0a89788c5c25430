"""The support archive: what a second person needs to see what the technician saw, without secrets."""
