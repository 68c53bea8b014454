"""What is remembered from day to day: minutes per state, episodes, alerts and what followed, breaks, answers.

One SQLite file for its owner only; no picture and no landmark is in it.
"""
