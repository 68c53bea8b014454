"""What the user gets: tables, summaries, drawings, notifications."""
