"""The parts of the page *Inspect*: which run and checkpoint, which picture, which mask."""
