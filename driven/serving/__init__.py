"""A team's rule server: packs over HTTP, and the stores behind it. Needs the extra `serve`."""
