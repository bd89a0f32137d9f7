"""The values and rules of the newsletter. Pure: clock, keys and network are arguments."""
