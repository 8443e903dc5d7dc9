"""Declaration of applications and blueprints, without I/O and without a request."""
