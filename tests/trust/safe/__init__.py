"""What is read and written stays below its folder; what a pack carries is told before it is believed."""
