"""Speed, measured. Figures are ratios within one run or whole-process seconds; never assertions in a test."""
