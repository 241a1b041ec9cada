"""Small parts that pages and the frame are made of; they know Qt and the theme, and no page."""
