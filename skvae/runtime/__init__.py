"""What training and scoring both stand on: recipes, devices, seeds, threads, many rows."""
