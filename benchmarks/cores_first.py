"""Shares the cores out among the libraries; imported before any of them is, numpy included."""

from desktop import cores, folders

cores.set_up(folders.cache)
