"""Weights from elsewhere: read safely, recognised by name, fitted to an encoder, accounted for key by key."""
