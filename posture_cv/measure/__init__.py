"""Landmarks -> measurements against a baseline. Pure: no I/O, no clock, numpy only."""
