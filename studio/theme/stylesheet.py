"""The one style sheet: shapes, spaces and the roles of ``studio.theme.roles``; every colour is a token."""

from string import Template

from studio.theme.marks import mark_file
from studio.theme.tokens import BODY_PX, RADIUS, ROW_HEIGHT, SECTION_PX, SMALL_PX, TITLE_PX, TOKENS, Scheme

_TEMPLATE = Template("""
QWidget { outline: none; }
QToolTip { background: $raised; color: $text; border: 1px solid $line_strong; padding: 4px 8px; }

QLabel { background: transparent; }
QLabel[role="title"] { font-size: ${title_px}px; font-weight: 600; }
QLabel[role="section"] { font-size: ${section_px}px; font-weight: 600; }
QLabel[role="group"] { color: $muted; font-weight: 600; }
QLabel[role="changed"] { font-weight: 600; color: $accent; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="small"] { color: $muted; font-size: ${small_px}px; }
QLabel[role="number"] { font-size: ${title_px}px; font-weight: 600; }
QLabel[role="tile"] { font-size: ${small_px}px; font-weight: 600; }
QLabel[role="mono"], QPlainTextEdit[role="mono"] { font-family: monospace; font-size: ${small_px}px; }
QLabel[role="good"] { color: $good; }
QLabel[role="warn"] { color: $warn; }
QLabel[role="bad"] { color: $bad; }

QFrame[role="card"] { background: $surface; border: 1px solid $line; border-radius: ${radius}px; }
QFrame[role="drop"] { background: transparent; border: 1px dashed $line_strong; border-radius: ${radius}px; }
QFrame[role="drop_active"] { background: $selected; border: 2px dashed $accent; border-radius: ${radius}px; }
QFrame[role="note_info"] { background: $selected; border: 1px solid $line_strong; border-radius: ${radius}px; }
QFrame[role="note_good"] { background: $good_fill; border: 1px solid $good; border-radius: ${radius}px; }
QFrame[role="note_warn"] { background: $warn_fill; border: 1px solid $warn; border-radius: ${radius}px; }
QFrame[role="note_bad"] { background: $bad_fill; border: 1px solid $bad; border-radius: ${radius}px; }
QFrame[role="bar"] { background: $surface; border: none; border-top: 1px solid $line; }
QFrame#navigation { background: $surface; border: none; border-right: 1px solid $line; }

QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QPushButton, QToolButton {
    background: $raised; color: $text; border: 1px solid $line_strong; border-radius: ${radius}px;
    padding: 0 12px; min-height: ${inner_row}px;
}
QToolButton { padding: 0 6px; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $line; }
QPushButton:focus, QToolButton:focus { border: 2px solid $accent; }
QPushButton:disabled, QToolButton:disabled { color: $disabled; border-color: $line; background: $window; }
QPushButton:checked, QToolButton:checked { background: $selected; border-color: $accent; }
QPushButton[role="primary"] { background: $accent; color: $on_accent; border: 1px solid $accent; font-weight: 600; }
QPushButton[role="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[role="primary"]:focus { border: 2px solid $text; }
QPushButton[role="primary"]:disabled { background: $line; color: $disabled; border-color: $line; }
QPushButton[role="danger"] { color: $bad; }
QPushButton[role="danger"]:disabled { color: $disabled; }
QPushButton[role="quiet"], QToolButton[role="quiet"] { background: transparent; border: 1px solid transparent; }
QPushButton[role="quiet"]:hover, QToolButton[role="quiet"]:hover { background: $hover; }
QPushButton[role="quiet"]:focus, QToolButton[role="quiet"]:focus { border: 2px solid $accent; }
QPushButton[role="quiet"]:checked, QToolButton[role="quiet"]:checked { background: $selected; color: $text; }
QPushButton[role="fold"], QToolButton[role="fold"] {
    background: transparent; border: 1px solid transparent; font-weight: 600; text-align: left; padding: 0 4px;
}
QPushButton[role="fold"]:hover, QToolButton[role="fold"]:hover { background: $hover; }
QPushButton[role="fold"]:checked, QToolButton[role="fold"]:checked { background: transparent; }
QPushButton[role="fold"]:focus, QToolButton[role="fold"]:focus { border: 2px solid $accent; }
QPushButton::menu-indicator { subcontrol-origin: padding; subcontrol-position: center right; right: 6px; width: 10px; }
QToolButton::menu-indicator { image: none; }

QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QPlainTextEdit, QTextEdit {
    background: $surface; color: $text; border: 1px solid $line_strong; border-radius: ${radius}px;
    padding: 0 8px; min-height: ${inner_row}px; selection-background-color: $accent; selection-color: $on_accent;
}
QPlainTextEdit, QTextEdit { padding: 4px 8px; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
    border: 2px solid $accent;
}
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled { color: $disabled; }
QLineEdit[role="invalid"], QSpinBox[role="invalid"], QDoubleSpinBox[role="invalid"], QComboBox[role="invalid"] {
    border: 2px solid $bad;
}
QComboBox::drop-down { border: none; width: 24px; }
QComboBox QAbstractItemView {
    background: $raised; border: 1px solid $line_strong; selection-background-color: $selected; selection-color: $text;
}

QTableView, QTreeView, QListView, QTableWidget {
    background: $surface; alternate-background-color: $window; border: 1px solid $line; border-radius: ${radius}px;
    gridline-color: $line; font-size: ${small_px}px; selection-background-color: $selected; selection-color: $text;
}
QTableView[role="plain"], QListView[role="plain"], QListWidget[role="plain"], QTableWidget[role="plain"] {
    border: 2px solid transparent; border-radius: 0;
}
QTableView::item { padding: 0 8px; }
QListView[role="plain"]::item { min-height: ${inner_row}px; border-radius: 4px; }
QListView[role="plain"]::item:selected { background: $selected; color: $text; }
QTableView:focus, QTreeView:focus, QListView:focus { border: 2px solid $accent; }
QHeaderView { background: $surface; }
QHeaderView::section {
    background: $surface; color: $muted; border: none; border-bottom: 1px solid $line; padding: 4px 8px;
    font-weight: 600;
}
QTableCornerButton::section { background: $surface; border: none; }

QProgressBar { background: $line; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }

QTabWidget::pane { border: none; border-top: 1px solid $line; }
QTabBar { qproperty-drawBase: 0; }
QTabBar::tab {
    background: transparent; color: $muted; padding: 6px 12px; border: none; border-bottom: 2px solid transparent;
}
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar:focus { border: 1px solid $accent; }

QMenu { background: $raised; border: 1px solid $line_strong; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: $selected; color: $text; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }

QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget#scroll_content { background: transparent; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $line_strong; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $disabled; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QCheckBox { spacing: 6px; min-height: 22px; }
QCheckBox:focus { color: $accent; }
QCheckBox:disabled { color: $disabled; }
QCheckBox::indicator {
    width: 14px; height: 14px; border: 1px solid $muted; border-radius: 3px; background: $surface;
}
QCheckBox::indicator:hover, QCheckBox::indicator:focus { border-color: $accent; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url("$check_mark"); }
QCheckBox::indicator:disabled { border-color: $line_strong; background: $window; }
QRadioButton { spacing: 6px; min-height: 22px; }
QRadioButton:focus { color: $accent; }
QRadioButton::indicator {
    width: 14px; height: 14px; border: 1px solid $muted; border-radius: 8px; background: $surface;
}
QRadioButton::indicator:hover, QRadioButton::indicator:focus { border-color: $accent; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 5px solid $accent; background: $on_accent; }
QComboBox::down-arrow { image: url("$down_mark"); width: 12px; height: 12px; }
QLineEdit QToolButton { min-height: 0; border: none; background: transparent; padding: 0; }

QSplitter::handle { background: transparent; }
QSplitter::handle:horizontal:hover { background: $line_strong; margin: 0 5px; }
QSplitter::handle:vertical:hover { background: $line_strong; margin: 5px 0; }
QSlider:horizontal { min-height: 20px; }
QSlider::groove:horizontal { background: $line_strong; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; height: 4px; border-radius: 2px; }
QSlider::handle:horizontal {
    background: $raised; border: 1px solid $muted; width: 14px; height: 14px; margin: -6px 0; border-radius: 8px;
}
QSlider::handle:horizontal:focus { border: 2px solid $accent; }
QSlider::sub-page:horizontal:disabled { background: $disabled; }

QToolButton[navigation="true"] {
    background: transparent; border: 2px solid transparent; border-radius: ${radius}px; color: $muted;
    padding: 6px 2px; min-width: 64px; font-size: ${small_px}px;
}
QToolButton[navigation="true"]:hover { background: $hover; color: $text; }
QToolButton[navigation="true"]:checked { background: $selected; color: $text; font-weight: 600; }
QToolButton[navigation="true"]:focus { border-color: $accent; }
QPushButton[status="true"] {
    background: transparent; border: 1px solid transparent; border-radius: 4px; color: $muted; font-size: ${small_px}px;
    padding: 0 8px; min-height: 20px;
}
QPushButton[status="true"]:hover { background: $hover; color: $text; }
QPushButton[status="true"]:focus { border-color: $accent; }
""")


def stylesheet(scheme: Scheme) -> str:
    """The style sheet of a scheme, for ``QApplication.setStyleSheet``."""
    colors = {name: pair[1 if scheme == "dark" else 0] for name, pair in TOKENS.items()}
    return _TEMPLATE.substitute(
        colors,
        check_mark=mark_file("check", colors["on_accent"]),
        down_mark=mark_file("down", colors["muted"]),
        radius=RADIUS,
        inner_row=ROW_HEIGHT - 2,
        body_px=BODY_PX,
        small_px=SMALL_PX,
        section_px=SECTION_PX,
        title_px=TITLE_PX,
    )
