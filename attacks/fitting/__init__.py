"""What fits are attacked with: tables, targets, weights and parameters, and what must hold behind a fit."""
