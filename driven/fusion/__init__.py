"""Templates: Jinja text compiled to `.dtm` once, rendered without Jinja2; their caches."""
