"""The definitions that editors get, read without any editor."""
