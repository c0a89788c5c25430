"""Bytes, pins and probes → readings: one file a kind, pure decoding beside it."""
