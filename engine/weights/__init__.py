"""Weights from elsewhere: read safely, recognised by their names, fitted to an encoder, and accounted for key by key."""
