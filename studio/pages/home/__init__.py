"""The parts of the Home page, one idea a file."""
