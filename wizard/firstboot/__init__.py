"""The first boot: a live system's answers, and the recipe that makes an OAR cluster of it."""
