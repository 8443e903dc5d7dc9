"""FIND: from a path to a rule in one look-up, and from an endpoint back to a path."""
