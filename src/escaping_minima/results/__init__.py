"""What runs leave on disk: paths, atomic writing, block files, locks."""
