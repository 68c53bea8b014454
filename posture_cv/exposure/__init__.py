"""How much of what: exposure measures of a recording, a participant and a condition, with their uncertainty. Pure."""
