"""RUN: the steps of a request, compiled from what the application declared."""
