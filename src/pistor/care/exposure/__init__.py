"""What the skin and the blood will see: facts into the engine's input, and its answer back."""
