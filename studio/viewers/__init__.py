"""Viewers: pictures that can be zoomed, compared and saved; they know arrays and Qt, and no page."""
