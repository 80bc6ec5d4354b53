"""What each part of the recipe gains: the ablation table of docs/learning.md."""
