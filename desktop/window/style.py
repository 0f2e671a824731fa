"""The style sheet, filled with the colours of a theme."""

from __future__ import annotations

import resources
from desktop.window.colours import LIGHT, Colours


def sheet(colours: Colours) -> str:
    """The whole style sheet. Things are named by their object names: "bar", "panel", "card", and so on."""
    c = colours
    chevron, check = (
        resources.path(f"icons/{name}-{'dark' if c.dark else 'light'}.svg").as_posix() for name in ("chevron", "check")
    )
    return f"""
* {{ outline: none; }}
QMainWindow, QDialog, #bar, #header {{ background: {c.window}; }}
#header {{ border-bottom: 1px solid {c.line}; }}
#bar {{ border-top: 1px solid {c.line}; }}
#panel, #panel QScrollArea, #panelPage {{ background: {c.surface}; border: none; }}
#panel {{ border-left: 1px solid {c.line}; }}
#stage {{ background: {c.stage}; }}
QLabel {{ color: {c.text}; background: transparent; }}
QLabel[muted="true"] {{ color: {c.muted}; }}
QLabel[heading="true"] {{ color: {c.muted}; font-size: 11px; font-weight: 600; }}
QLabel[title="true"] {{ font-size: 20px; font-weight: 600; }}
QLabel[figure="true"] {{ font-weight: 600; }}

QToolButton, QPushButton {{
  color: {c.text}; background: {c.raised}; border: 1px solid transparent; border-radius: 8px; padding: 7px 12px;
  min-height: 18px;
}}
QToolButton:hover, QPushButton:hover {{ background: {c.pressed}; }}
QToolButton:pressed, QPushButton:pressed {{ background: {c.line}; }}
QToolButton:focus, QPushButton:focus, QCheckBox:focus {{ border: 1px solid {c.accent}; }}
QToolButton:disabled, QPushButton:disabled {{ color: {c.muted}; background: transparent; border-color: {c.line}; }}
QToolButton::menu-indicator {{ image: none; }}
QToolButton[quiet="true"], QPushButton[quiet="true"] {{ background: transparent; padding: 7px; }}
QToolButton[quiet="true"]:hover, QPushButton[quiet="true"]:hover {{ background: {c.raised}; }}
QToolButton[quiet="true"]:checked {{ background: {c.raised}; }}
QToolButton[quiet="true"]:disabled {{ border-color: transparent; }}
QToolButton[round="true"] {{ border-radius: 21px; padding: 0; min-width: 40px; max-width: 40px; min-height: 40px;
  max-height: 40px; }}
QToolButton[round="true"]:disabled {{ border-color: transparent; background: {c.raised}; }}
QToolButton[recorder="true"] {{ border: 2px solid {c.muted}; background: transparent; min-width: 44px; max-width: 44px;
  min-height: 44px; max-height: 44px; border-radius: 24px; padding: 0; }}
QToolButton[recorder="true"]:hover, QToolButton[recorder="true"]:checked {{ border-color: {c.danger}; }}
QToolButton[recorder="true"]:disabled {{ border-color: {c.line}; }}
QToolButton[recorder="true"]:focus {{ border-color: {c.accent}; }}
QToolButton[pill="true"] {{ background: transparent; border: 1px solid {c.line}; color: {c.muted}; }}
QToolButton[pill="true"]:hover {{ background: {c.raised}; }}
QToolButton[pill="true"]:checked {{ background: {c.raised}; color: {c.text}; border-color: {c.raised}; }}
QToolButton[pill="true"]:focus {{ border-color: {c.accent}; }}
QPushButton[primary="true"] {{ background: {c.accent}; color: {c.on_accent}; font-weight: 600; }}
QPushButton[primary="true"]:hover {{ background: {c.text}; color: {c.window}; }}
QPushButton[primary="true"]:focus {{ border: 2px solid {c.text}; }}
QPushButton[big="true"], QToolButton[big="true"] {{ padding: 10px 16px; min-height: 24px; }}

QComboBox, QSpinBox, QDoubleSpinBox, QTimeEdit, QLineEdit {{
  color: {c.text}; background: {c.raised}; border: 1px solid transparent; border-radius: 8px; padding: 4px 10px;
  min-height: 20px; selection-background-color: {c.accent}; selection-color: {c.on_accent};
}}
QComboBox:hover, QSpinBox:hover, QDoubleSpinBox:hover, QTimeEdit:hover {{ background: {c.pressed}; }}
QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus, QTimeEdit:focus, QLineEdit:focus {{
  border: 1px solid {c.accent}; }}
QComboBox:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QTimeEdit:disabled {{ color: {c.muted}; }}
QComboBox::drop-down {{ border: none; width: 26px; }}
QComboBox::down-arrow {{ image: url({chevron}); width: 16px; height: 16px; }}
QSpinBox, QDoubleSpinBox, QTimeEdit {{ padding: 0 2px; min-height: 0; }}
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button,
QTimeEdit::up-button, QTimeEdit::down-button {{ width: 0; border: none; }}
QSpinBox QLineEdit, QDoubleSpinBox QLineEdit, QTimeEdit QLineEdit {{ background: transparent; border: none;
  border-radius: 0; padding: 0; min-height: 0; }}
QComboBox QAbstractItemView {{ background: {c.surface}; color: {c.text}; border: 1px solid {c.line}; padding: 4px;
  selection-background-color: {c.raised}; selection-color: {c.text}; }}

#classes {{ background: {c.surface}; color: {c.text}; border: 1px solid {c.line}; border-radius: 8px; padding: 3px; }}
#classes:focus {{ border: 1px solid {c.accent}; }}
#classes::item {{ padding: 3px 0; border: none; }}
#classes::item:selected {{ background: {c.raised}; color: {c.text}; }}
#classes::item:hover {{ background: {c.raised}; }}
#rules {{ background: {c.surface}; color: {c.text}; border: 1px solid {c.line}; border-radius: 8px; padding: 3px; }}
#rules:focus {{ border: 1px solid {c.accent}; }}
#rules::item {{ padding: 3px 6px; border: none; border-radius: 6px; }}
#rules::item:selected {{ background: {c.raised}; color: {c.text}; }}
#rules::item:hover {{ background: {c.raised}; }}
QCheckBox {{ color: {c.text}; spacing: 7px; }}
#rules::indicator, #classes::indicator, QCheckBox::indicator {{ width: 14px; height: 14px; border-radius: 4px;
  border: 1px solid {c.muted}; background: transparent; }}
#rules::indicator:checked, #classes::indicator:checked, QCheckBox::indicator:checked {{ border-color: {c.accent};
  background: {c.accent}; image: url({check}); }}
#rules::indicator:disabled, QCheckBox::indicator:disabled {{ border-color: {c.line}; }}
QPushButton[small="true"] {{ padding: 4px 6px; min-height: 16px; }}

QSlider {{ min-height: 22px; background: transparent; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {c.pressed}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {c.accent}; }}
QSlider::handle:horizontal {{ width: 16px; height: 16px; margin: -6px 0; border-radius: 8px; background: {c.accent}; }}
QSlider::handle:horizontal:focus {{ background: {c.text}; }}

QProgressBar {{ background: transparent; border: none; max-height: 3px; min-height: 3px; }}
QProgressBar::chunk {{ background: {c.accent}; }}

QMenu {{ background: {c.surface}; color: {c.text}; border: 1px solid {c.line}; border-radius: 10px; padding: 6px; }}
QMenu::item {{ padding: 7px 26px 7px 10px; border-radius: 6px; }}
QMenu::item:selected {{ background: {c.raised}; }}
QMenu::item:disabled {{ color: {c.muted}; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::icon:checked {{ background: {c.pressed}; border-radius: 5px; }}
QMenu::indicator {{ width: 14px; height: 14px; left: 8px; }}
QMenu::separator {{ height: 1px; background: {c.line}; margin: 6px 8px; }}
QMenu::section {{ color: {c.muted}; padding: 6px 10px 2px 10px; font-size: 11px; font-weight: 600; }}
QToolTip {{ background: {c.raised}; color: {c.text}; border: 1px solid {c.line}; padding: 4px 6px; }}
QBalloonTip QLabel {{ color: {LIGHT.text}; }}
QBalloonTip QPushButton {{ background: transparent; padding: 0; }}

QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {c.pressed}; border-radius: 3px; min-height: 28px; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent;
  height: 0; }}

#card {{ background: {c.surface}; border: 1px solid {c.line}; border-radius: 10px; }}
#chip {{ background: rgba(10, 12, 15, 190); border-radius: 8px; }}
#chip QLabel, QLabel#chip {{ color: #f4f6f8; }}
QLabel#chip {{ padding: 5px 10px; }}
QLabel#key {{ background: {c.raised}; border: 1px solid {c.line}; border-radius: 5px; padding: 2px 7px; }}
#drop {{ background: {c.surface}; border: 2px dashed {c.accent}; border-radius: 14px; }}
QPlainTextEdit, QTextBrowser {{ background: {c.surface}; color: {c.text}; border: 1px solid {c.line};
  border-radius: 8px; padding: 6px; }}
"""
