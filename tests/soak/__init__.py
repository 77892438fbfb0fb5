"""The soak: random work on a real project for as long as you like, held against a model of what its files must be.

`cd tests && python -m soak --help`; `make soak` runs the long one.
"""
