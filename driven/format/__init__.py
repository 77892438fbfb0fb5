"""Rule text to Rule and back; RuleSet to .drv and .json and back; digests; conditions."""
