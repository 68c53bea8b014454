"""Accuracy against labelled ground truth: agreement in numbers, names of postures, and rules of others beside it."""
