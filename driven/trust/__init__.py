"""Whether what a rule set says can be trusted: hidden text, secrets, look-alikes."""
