"""Rows of panels and dialogs: a title to the left, what it is the title of to the right."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget


def row(left: QWidget, *right: QWidget) -> QHBoxLayout:
    """One widget to the left, the others to the right."""
    layout = QHBoxLayout()
    layout.addWidget(left)
    layout.addStretch(1)
    for widget in right:
        layout.addWidget(widget)
    return layout


def titled(title: str, widget: QWidget) -> QHBoxLayout:
    """A widget with a title, whose letter after & goes to it."""
    label = QLabel(title)
    label.setBuddy(widget)
    return row(label, widget)
