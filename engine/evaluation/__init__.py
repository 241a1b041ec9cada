"""Protocols that judge a frozen encoder: features in, numbers out."""
