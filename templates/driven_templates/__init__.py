"""The library of rule templates that comes with driven."""
