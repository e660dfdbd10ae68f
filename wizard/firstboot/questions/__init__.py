"""The questions of the first boot, one a module: what it is, when it is asked, and what its default is and why."""
