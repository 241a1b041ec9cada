"""The studio: the window. It never imports torch; it reads and writes rows of the store."""
