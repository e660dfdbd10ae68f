"""What F1 says, screen by screen."""

from __future__ import annotations

QUESTIONS = """\
Each screen asks one thing. The answer under the cursor is taken with Enter.

  Up, Down       another answer
  Space          tick or untick (where several can be chosen)
  Enter          take it and go on
  Esc            back to the question before; answers are kept
  F10, Ctrl+Q    quit; nothing is built before the review at the end

"default" marks what is taken when nobody says anything, and the line below
the list says why it is the default."""

REVIEW = """\
This is what will be built; nothing has been done yet.

  Build             start, and watch every step
  Save the recipe   write the YAML to a file, to change it or keep it
  Output directory  where the image and its checksums go
  Change an answer  back to the questions, the same as Esc

The command builds the same appliance without questions. Tab goes to the
recipe, to scroll it."""

BUILD = """\
The run goes on by itself; this screen only shows it and passes on what you
decide. Leaving it does not stop the run unless you say so.

  Up, Down     select a step; its output is shown
  f            follow the running step again
  Left, Right  fold, unfold a macrostep
  l            the output on the whole screen, and back
  Tab          to the output, to scroll it
  b            stop before the selected step (B marks it); b again clears it
  p            pause before the next step
  t            stop before the next step; the work is kept, to resume later
  q, F10       leave: the run goes on, or is stopped, as you choose

Marks: > running   \u221a done   x failed   - skipped   \u00b7 not yet   = stopped

When a step fails the run waits, and the choices appear below its output."""
