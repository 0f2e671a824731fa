"""One-off converters of other people's weights, run by developers, never at run time."""
