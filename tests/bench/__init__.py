"""How long things take, as ratios measured in the same run: `make bench`. Never part of `make test`."""
