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

SETTINGS = """\
Globals of the recipe and options of the output types, with their values as
they are. Enter on the first row goes on to the review.

  Up, Down       another setting
  Enter          change it (on the first row: go on)
  Del            take the default again
  Esc            back to the questions; everything is kept
  F10, Ctrl+Q    quit; nothing is built before the review at the end"""

REVIEW = """\
This is what will be built; nothing has been done yet.

  Build             start, and watch every step
  Save the recipe   write the YAML to a file, to change it or keep it
  Output directory  where the image and its checksums go
  Change an answer  back to the settings and questions, the same as Esc

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

FIRST_BOOT = """\
  Up, Down       another answer; in long lists, type to search
  Right, Left    what belongs to a row (the variants of a keyboard layout)
  Enter          take it and go on
  Esc            back to the question before; answers are kept
  F4             to the review: the other answers are the defaults
  F5             draw the screen anew, and ask for its size
  F10, Ctrl+Q    quit; nothing is changed before the review's Apply

Until somebody presses a key the time is counted, in the line above the
bottom one; at its end the defaults are taken. A key stops it."""

FIRST_BOOT_REVIEW = """\
Every answer, and at its right where it comes from: default, detected, the
kernel command line, a file, or you (person). Nothing has been done yet.

  Enter on Apply      do it, and watch every step
  Enter on an answer  change that answer
  c                   all commands and statements that will be run
  Esc                 back to the questions"""

RESOURCES = """\
What OAR has beside what is planned, looked at again every few seconds.

  Up, Down        another line; what is known of it stands below the tree
  Right, Enter    open: hosts, packages, cores, threads
  Left            close; again: what it belongs to
  d               only what differs, and back
  t               retire what is not planned, or leave it alone
  a               apply: make OAR's resources as planned, after a question
  r               look again now
  F10, Ctrl+Q     leave

Marks: + to add   ~ to change   - not planned   = as planned

Nothing is changed before Apply. What is retired gets the next state Dead,
as with oarnodesetting -s Dead; it stays in OAR's tables."""
