"""What makes a baseline: prompts, a stillness gate, a robust fit, a verdict on its quality."""
