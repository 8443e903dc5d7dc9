"""Differential tests: the same small programs run on two implementations of one interface."""
