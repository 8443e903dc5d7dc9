"""The Autobahn test suite for RFC 6455, against an echo handler on every server."""
