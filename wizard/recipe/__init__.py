"""Recipes: text to resolved recipe. Pure: reads files, runs nothing."""
