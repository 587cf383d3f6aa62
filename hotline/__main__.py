"""`python -m hotline`."""

import os
import sys

from hotline.cli import main

# Calls, recordings and logs are nobody else's on this machine.
os.umask(0o077)
sys.exit(main())
