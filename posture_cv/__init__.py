"""Sitting posture from pictures: measured against a personal baseline, live or recorded."""
