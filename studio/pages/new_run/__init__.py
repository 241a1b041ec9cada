"""The parts of the page *New run*: pictures and method, settings, and what will happen."""
