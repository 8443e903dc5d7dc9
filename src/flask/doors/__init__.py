"""SERVE: how requests come in and responses go out, by protocol."""
