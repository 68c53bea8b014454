"""What the program costs: stages against the bare models, start-up, memory, the monitor's hour, a month."""
