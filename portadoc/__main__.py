"""``python -m portadoc``: the same command line as ``portadoc``."""

from portadoc.cli import main

if __name__ == "__main__":
    main()
