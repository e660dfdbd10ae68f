"""The engine: resolved recipe to scripts, to a run, to events."""
