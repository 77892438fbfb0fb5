"""The grammar of the command line and its projections."""
