"""Routing: from a path to a rule, and from an endpoint to a path."""
