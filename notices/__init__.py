"""Notices on their way out of the house: channels, and the worker that empties the outbox."""
