"""kameleon-tui: recipes in YAML, built into operating-system appliances."""

__version__ = "0.1.0"
