"""Jobs: the only place where training meets the store. One process does one run."""
