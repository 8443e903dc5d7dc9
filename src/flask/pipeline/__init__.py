"""The steps of a request, compiled from the application's declarations."""
