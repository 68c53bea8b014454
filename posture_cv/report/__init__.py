"""Self-contained pages about a recording and a study; they open without a network."""
