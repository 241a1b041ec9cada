"""Qt objects without looks: what listens to the store and talks to other processes."""
