"""File formats that no tool in Debian makes."""
