"""The parts of the Run page, one idea a file."""
