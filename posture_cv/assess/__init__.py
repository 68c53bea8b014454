"""Measurements -> states, episodes and alerts. Pure: time is an argument."""
