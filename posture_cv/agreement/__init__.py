"""A rater's labels against what the program named."""
