"""The screens. Before any of them imports Textual: what it reads from the environment when it is imported."""

import os

from wizard.tui.driver.terminal import knobs, this_terminal

TERMINAL = this_terminal()
for _name, _value in knobs(TERMINAL).items():
    os.environ.setdefault(_name, _value)
