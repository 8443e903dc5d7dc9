"""Entry points for servers, by protocol."""
