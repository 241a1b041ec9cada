"""An encoder as files that others can use, each checked against the network that it was made of."""
