"""What scripts and rules need: sources, atomic files, progress, errors."""
