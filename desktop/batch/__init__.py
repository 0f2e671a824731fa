"""The same parts in plain loops: every frame analysed, in order, with bounded memory."""
