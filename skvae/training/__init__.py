"""Training: networks learn here, epoch after epoch, from rows."""
