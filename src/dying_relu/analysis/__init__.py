"""What studies share when they look at tables: rows, choices, intervals, closed forms, drawing."""
