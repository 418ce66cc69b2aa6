"""What several experiments and the paper count and draw with: statistics, figure style, names of points, tables."""
