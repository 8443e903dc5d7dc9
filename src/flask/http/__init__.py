"""Faster equivalents of Werkzeug's headers, streams, signed cookies and file responses."""
