"""Messages that save developers a search."""
