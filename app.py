"""Start the page: ``python app.py``; ``python app.py --help`` lists the options."""

from __future__ import annotations

from app.command import main

if __name__ == "__main__":
    main()
