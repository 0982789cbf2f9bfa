"""What changed since an earlier run: two bundles side by side, what the plan says of it, and who did it."""
