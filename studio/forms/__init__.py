"""Forms made from declared settings; they know types and bounds, and no method."""
