"""What the tests, the benchmarks and the reliability programs share; not part of the package."""
