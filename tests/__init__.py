"""The tests; a package only so that their helpers have one name."""
