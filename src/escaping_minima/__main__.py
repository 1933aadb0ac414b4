"""Allow ``python -m escaping_minima``."""

from escaping_minima.cli import main

if __name__ == "__main__":
    main()
