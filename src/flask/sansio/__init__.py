"""DECLARE: what an application says about itself, without I/O and without a request."""
