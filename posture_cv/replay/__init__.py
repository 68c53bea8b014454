"""Recorded sessions through the same engine as the live monitor."""
