"""Benchmarks. Each runs a baseline beside the product in the same run and prints the ratio:
`python -m tests.bench.indexing --help`."""
