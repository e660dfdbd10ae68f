"""`python3 -m wizard` is kameleon-tui; needed where the checkout is run before anything is installed."""

import sys

from wizard.cli import main

sys.exit(main())
