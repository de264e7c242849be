"""python -m vaelab."""

from vaelab.cli import main

if __name__ == "__main__":
    main()
